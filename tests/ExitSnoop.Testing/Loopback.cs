using System.Net;
using System.Net.Sockets;

namespace ExitSnoop.Testing;

/// <summary>Servers that only this machine reaches.</summary>
internal static class Loopback
{
    /// <summary>A port on which nobody listened a moment ago.</summary>
    internal static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
