/* What a configure run would say of every target here, and what is left out. */
#define HAVE_DECODERS		1
#define HAVE_DECODER_LZMA2	1
#define HAVE_DECODER_LZMA1	1
#define HAVE_DECODER_X86	1
#define HAVE_DECODER_ARM	1
#define HAVE_DECODER_ARMTHUMB	1
#define HAVE_DECODER_ARM64	1
#define HAVE_DECODER_POWERPC	1
#define HAVE_DECODER_RISCV	1
#define HAVE_CHECK_CRC32	1
#define HAVE_CHECK_CRC64	1
#define HAVE_CHECK_SHA256	1
#define HAVE_SMALL		1
#define HAVE_INTTYPES_H		1
#define HAVE_STDINT_H		1
#define HAVE_STDBOOL_H		1
#define HAVE_STRING_H		1
#define HAVE__BOOL		1
#define HAVE_VISIBILITY		0
#define PACKAGE_NAME		"XZ Utils"
#define PACKAGE_BUGREPORT	""
#define PACKAGE_URL		""
#define SIZEOF_SIZE_T		__SIZEOF_SIZE_T__
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define WORDS_BIGENDIAN 1
#endif
