// The tests set TZ, start tracers, and count events of each other's processes, so they run one at a time.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]
