# roots.pl YYYY-MM-DD: certdata.txt of that day (stdin) to DER (stdout), every certificate that
# Mozilla trusts to name servers.
# The file is a list of objects. A certificate object carries the bytes; a trust object of the
# same issuer and serial number says what they are good for. A root that is distrusted for
# certificates issued after some day is left out once that day is 398 days past, the longest a
# certificate may live: by then it can vouch for nothing valid.
use strict;
use warnings;

my (%der, %trusted, @order, %object);
my $today = days((shift // '') =~ /^(\d{4})-(\d\d)-(\d\d)$/) or die "usage: roots.pl YYYY-MM-DD\n";

# Days, near enough to compare with.
sub days {
	my ($year, $month, $day) = @_;
	return defined $day ? $year * 365.25 + $month * 30.44 + $day : 0;
}

sub finish {
	my $class = delete $object{CKA_CLASS} // '';
	my $key = ($object{CKA_ISSUER} // '') . "\0" . ($object{CKA_SERIAL_NUMBER} // '');
	if ($class eq 'CKO_CERTIFICATE') {
		push @order, $key unless $der{$key};
		$der{$key} = $object{CKA_VALUE};
		$trusted{$key} //= 0;
		delete $der{$key} if expired_trust($object{CKA_NSS_SERVER_DISTRUST_AFTER});
	} elsif ($class eq 'CKO_NSS_TRUST') {
		$trusted{$key} = ($object{CKA_TRUST_SERVER_AUTH} // '') eq 'CKT_NSS_TRUSTED_DELEGATOR';
	}
	%object = ();
}

# YYMMDDhhmmssZ as octets, or CK_FALSE.
sub expired_trust {
	my ($after) = @_;
	return 0 unless defined $after && $after =~ /^(\d\d)(\d\d)(\d\d)\d{6}Z$/;
	return $today > days(2000 + $1, $2, $3) + 398;
}

while (<STDIN>) {
	next if /^\s*(#|$)/;
	next unless /^(CKA_\w+)\s+(\w+)\s*(.*?)\s*$/;
	my ($name, $type, $value) = ($1, $2, $3);
	finish() if $name eq 'CKA_CLASS' && %object;
	if ($type eq 'MULTILINE_OCTAL') {
		$value = '';
		while (<STDIN>) {
			last if /^END/;
			$value .= chr oct $1 while /\\([0-7]{3})/g;
		}
	}
	$object{$name} = $value;
}
finish() if %object;

binmode STDOUT;
my $count = 0;
for my $key (@order) {
	next unless $trusted{$key} && $der{$key};
	print $der{$key};
	$count++;
}
die "only $count roots found: has the format changed?\n" if $count < 100;
print STDERR "$count roots\n";
