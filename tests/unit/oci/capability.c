/* SPDX-License-Identifier: Apache-2.0 */
#include "core/oci/capability.h"

#include <errno.h>
#include <linux/capability.h>

#include "tests/unit/test.h"

TEST(names_and_numbers)
{
	CHECK_INT(capability_parse("CAP_CHOWN"), CAP_CHOWN);
	CHECK_INT(capability_parse("sys_admin"), CAP_SYS_ADMIN);
	CHECK_INT(capability_parse("cap_checkpoint_restore"), CAP_CHECKPOINT_RESTORE);
	CHECK_INT(capability_parse("NET_RAW"), CAP_NET_RAW);
	CHECK_INT(capability_parse("all"), 64);
	CHECK_INT(capability_parse(""), -EINVAL);
	CHECK_INT(capability_parse("CAP_"), -EINVAL);
	CHECK_INT(capability_parse("CAP_CAP_CHOWN"), -EINVAL);
	CHECK_INT(capability_parse("CHOWN "), -EINVAL);
	CHECK_INT(capability_parse("0"), -EINVAL);
	for (int i = 0; i < CAPABILITY_COUNT; i++)
		CHECK_INT(capability_parse(capability_name(i)), i);
	CHECK_STR(capability_name(CAP_LAST_CAP), "CAP_CHECKPOINT_RESTORE");
	CHECK_STR(capability_name(CAPABILITY_COUNT), NULL);
	CHECK_STR(capability_name(-1), NULL);
}

TEST(the_default_set)
{
	static const int eleven[] = {
		CAP_CHOWN,      CAP_DAC_OVERRIDE, CAP_FSETID,
		CAP_FOWNER,     CAP_SETGID,       CAP_SETUID,
		CAP_SETFCAP,    CAP_SETPCAP,      CAP_NET_BIND_SERVICE,
		CAP_SYS_CHROOT, CAP_KILL
	};
	uint64_t set = 0;

	for (size_t i = 0; i < sizeof(eleven) / sizeof(eleven[0]); i++)
		set |= 1ull << eleven[i];
	CHECK(set == CAPABILITY_DEFAULT);
}
