using Xunit;

// Tests measure times and count programs, of which the machine has few and the kernel one list.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
