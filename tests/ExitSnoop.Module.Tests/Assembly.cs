// Tests measure times and count programs, of which the machine has few and the kernel one list.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
