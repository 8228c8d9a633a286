using ExitSnoop.Records;

namespace ExitSnoop.Tests.Records;

/// <summary>Statuses against the macros of wait(2), written down anew.</summary>
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
            string expected = terminatedBy != 0
                ? $"signal {terminatedBy} ({SignalNames.GetName((Signal)terminatedBy)}){(core ? ", core dumped" : "")}"
                : code == 0 ? "0" : $"code {code}";
            Assert.Equal(expected, exit.Status);
        }
    }

    [Theory]
    [InlineData(0x0000u, "0")]
    [InlineData(0x0500u, "code 5")]
    [InlineData(0xff00u, "code 255")]
    [InlineData(0x000bu, "signal 11 (SEGV)")]
    [InlineData(0x008bu, "signal 11 (SEGV), core dumped")]
    [InlineData(0x001du, "signal 29 (POLL)")]
    [InlineData(0x0020u, "signal 32 (32)")]
    [InlineData(0x0022u, "signal 34 (RTMIN)")]
    [InlineData(0x0023u, "signal 35 (RTMIN+1)")]
    [InlineData(0x0040u, "signal 64 (RTMAX)")]
    public void The_text_is_that_of_the_original(uint status, string text) => Assert.Equal(text, Event(status).Status);

    private static ExitEvent Event(uint status) => RecordBytes.Event(RecordBytes.Of(new ExitRecord { WaitStatus = status }));
}
