#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A private CA and what it signs, for tests: DIR/ca.crt, server.crt/.key (localhost, 127.0.0.1),
# client.cert/.key; DIR/other-ca.crt, a stranger. usage: certs.sh DIR
set -eu
dir=$1
mkdir -p "$dir"
cd "$dir"
new_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
		-subj "/CN=$1 test CA" -keyout "$1-ca.key" -out "$1-ca.crt" 2>/dev/null
}
signed() { # NAME SUFFIX EXTENSION
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" \
		-keyout "$1.key" -out "$1.csr" 2>/dev/null
	echo "$3" >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA own-ca.crt -CAkey own-ca.key -CAcreateserial -days 2 \
		-extfile "$1.ext" -out "$1.$2" 2>/dev/null
	rm "$1.csr" "$1.ext"
}
new_ca own
new_ca other
signed server crt 'subjectAltName=DNS:localhost,IP:127.0.0.1'
signed client cert 'extendedKeyUsage=clientAuth'
mv own-ca.crt ca.crt
rm own-ca.key other-ca.key
