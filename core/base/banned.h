/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that may not be used; included on the compiler's command line, after the system's
 * headers. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef strtok
#undef atoi
#undef atol
#undef gets
#undef alloca
#undef mktemp
#undef tmpnam
#undef gmtime
#undef localtime
#undef ctime
#undef asctime
#define strcpy(...)    banned_call_strcpy_use_str_copy
#define strcat(...)    banned_call_strcat_use_buf_adds
#define strncpy(...)   banned_call_strncpy_use_str_copy
#define strncat(...)   banned_call_strncat_use_buf_add
#define sprintf(...)   banned_call_sprintf_use_str_print
#define vsprintf(...)  banned_call_vsprintf_use_buf_addv
#define strtok(...)    banned_call_strtok_use_strv_split
#define atoi(...)      banned_call_atoi_use_str_i64
#define atol(...)      banned_call_atol_use_str_i64
#define alloca(...)    banned_call_alloca
#define gmtime(...)    banned_call_gmtime_use_gmtime_r
#define localtime(...) banned_call_localtime_use_localtime_r
#define ctime(...)     banned_call_ctime_use_time_stamp
#define asctime(...)   banned_call_asctime_use_time_stamp

#endif
