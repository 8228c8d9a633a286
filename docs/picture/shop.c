// SPDX-License-Identifier: Apache-2.0
/* The program of crash.svg: closes a month of invoices, one of which has no customer. */
#include <stdio.h>
#include <string.h>

struct customer {
	int length;
	const char *name;
};

struct invoice {
	struct customer *customer;
	int amount;
};

#define NOINLINE __attribute__((noinline, noclone))

NOINLINE static int customer_length(const struct customer *customer)
{
	return customer->length;
}

NOINLINE static int print_invoice(const struct invoice *invoice)
{
	return printf("%*s %d\n", customer_length(invoice->customer), invoice->customer->name, invoice->amount);
}

NOINLINE static int close_month(const struct invoice *invoices, int count)
{
	int printed = 0;

	for (int i = 0; i < count; i++)
		printed += print_invoice(&invoices[i]);
	return printed;
}

int main(int argc, char **argv)
{
	struct customer first = { 12, "Ada" };
	struct invoice invoices[] = { { &first, 20 }, { NULL, 30 } };

	return argc > 1 && !strcmp(argv[1], "--close-month") ? close_month(invoices, 2) < 0 : 2;
}
