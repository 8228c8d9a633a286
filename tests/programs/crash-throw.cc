// SPDX-License-Identifier: Apache-2.0
// Throws an exception that nobody catches, from a template three calls deep.
#include <stdexcept>
#include <string>

namespace shop {
template <typename T> struct Till {
	__attribute__((noinline)) T pay(const T &what)
	{
		if (what.size() > 2)
			throw std::runtime_error("not enough");
		return what;
	}
};

__attribute__((noinline)) std::string checkout(Till<std::string> &till)
{
	return till.pay("apples") + "!";
}
}

int main()
{
	shop::Till<std::string> till;
	return static_cast<int>(shop::checkout(till).size());
}
