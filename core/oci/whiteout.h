/* SPDX-License-Identifier: Apache-2.0 */
/* Whiteouts in layer tars (image-spec layer.md): names only. */
#ifndef OCI_WHITEOUT_H
#define OCI_WHITEOUT_H

enum whiteout_kind {
	WHITEOUT_NO,       /* an ordinary name */
	WHITEOUT_FILE,     /* .wh.NAME: hides NAME */
	WHITEOUT_OPAQUE,   /* .wh..wh..opq: hides all below its folder */
	WHITEOUT_RESERVED, /* .wh..wh.*: aufs metadata, to be skipped */
	WHITEOUT_BAD,      /* ".wh." alone, or hiding "." or ".." */
};

#define WHITEOUT_PREFIX ".wh."

/* base: the last component. *ret_hidden (WHITEOUT_FILE) points into it. */
enum whiteout_kind whiteout_kind(const char *base, const char **ret_hidden);

#endif
