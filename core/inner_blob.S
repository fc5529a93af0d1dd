/* SPDX-License-Identifier: Apache-2.0 */
/* The sealed inner executable, carried as bytes. */
	.section .rodata
	.globl inner_blob, inner_blob_end
	.balign 4096
inner_blob:
	.incbin INNER
inner_blob_end:
	.section .note.GNU-stack,"",%progbits
