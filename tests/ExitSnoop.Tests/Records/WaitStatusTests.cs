namespace ExitSnoop.Tests.Records;

/// <summary>Statuses, compared with the macros of wait(2), which are repeated here.</summary>
public sealed class WaitStatusTests
{
    [Fact]
    public void Each_of_the_65536_statuses_is_read_as_the_macros_of_wait_do()
    {
        for (int status = 0; status <= 0xffff; status++)
        {
            ExitEvent exit = Event((uint)status);
            int terminatedBy = status % 128;
            bool core = status / 128 % 2 == 1;
            int code = status / 256;

            Assert.Equal(terminatedBy, (int)exit.Signal);
            Assert.Equal(core, exit.CoreDumped);
            Assert.Equal(status != 0, exit.Failed);
            Assert.Equal(terminatedBy == 0 ? code : 128 + terminatedBy, exit.ExitCode);
            Assert.Equal(DeathOfScenario.TextOf(status), exit.Status);
        }
    }

    [Theory]
    [InlineData(-4, "error -4 (EINTR)")]
    [InlineData(-12, "error -12 (ENOMEM)")]
    [InlineData(-133, "error -133 (EHWPOISON)")]
    [InlineData(-41, "error -41 (41)")]
    [InlineData(-512, "error -512 (512)")]
    [InlineData(int.MinValue, "error -2147483648 (-2147483648)")]
    public void The_error_of_a_kernel_thread_is_shown_and_is_no_signal(int error, string text)
    {
        ExitEvent exit = RecordBytes.Event(RecordBytes.Of(new ExitRecord { WaitStatus = (uint)error, Flags = RecordFlags.KernelThread }));
        Assert.Equal((text, Signal.None, error, false, true), (exit.Status, exit.Signal, exit.ExitCode, exit.CoreDumped, exit.Failed));
    }

    [Fact]
    public void A_kernel_thread_that_ends_without_an_error_is_shown_as_other_processes_are()
    {
        foreach ((uint status, string text) in new[] { (0u, "0"), (0x0100u, "code 1"), (9u, "signal 9 (KILL)") })
            Assert.Equal(text, RecordBytes.Event(RecordBytes.Of(new ExitRecord { WaitStatus = status, Flags = RecordFlags.KernelThread })).Status);
    }

    private static ExitEvent Event(uint status) => RecordBytes.Event(RecordBytes.Of(new ExitRecord { WaitStatus = status }));
}
