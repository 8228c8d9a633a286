// SPDX-License-Identifier: Apache-2.0
/* A library without symbols, except for the one function that is called. */
static int *volatile null_pointer;

static __attribute__((noinline)) int hidden(void)
{
	return *null_pointer + 1;
}

__attribute__((visibility("default"))) int crash_in_library(void)
{
	return hidden() * 2;
}
