// SPDX-License-Identifier: Apache-2.0
/* A library whose symbols are taken away, but for the one by which it is called. */
static int *volatile null_pointer;

static __attribute__((noinline)) int hidden(void)
{
	return *null_pointer + 1;
}

__attribute__((visibility("default"))) int crash_in_library(void)
{
	return hidden() * 2;
}
