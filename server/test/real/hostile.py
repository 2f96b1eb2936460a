"""What a hostile root does in its guest; the first argument says which."""
import ctypes, os, resource, socket, struct, sys, time

libc = ctypes.CDLL(None, use_errno=True)


def flows(address):
    """Opens TCP connections that nobody answers, each from a port of its own, and forgets them: the host does not."""
    os.fork()
    os.fork()
    while True:
        for port in range(1, 7000):
            one = socket.socket()
            one.setblocking(False)
            try:
                one.connect((address, port))
            except OSError:
                pass
            one.close()


def namespaces():
    """Has as many as it has open files for."""
    while True:
        if libc.unshare(0x04000000) != 0:  # CLONE_NEWUTS
            raise OSError(ctypes.get_errno(), 'unshare')
        os.open('/proc/self/ns/uts', os.O_RDONLY)


def aio():
    """Three times what the kernel has for all by default."""
    for _ in range(48):
        if libc.syscall(206, 4096, ctypes.byref(ctypes.c_ulong(0))) != 0:  # io_setup
            raise OSError(ctypes.get_errno(), 'io_setup')


def terminals():
    while True:
        os.open('/dev/ptmx', os.O_RDWR | os.O_NOCTTY)


def signals():
    """Queues signals to itself that it does not take."""
    import signal
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
    for _ in range(200_000):
        if libc.sigqueue(os.getpid(), int(signal.SIGRTMIN), ctypes.c_void_p(0)) != 0:
            raise OSError(ctypes.get_errno(), 'sigqueue')


def hold(take, processes):
    """Takes all it gets in so many processes, says how it ended in each, and keeps it."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    for _ in range(int(processes)):
        read, write = os.pipe()
        if os.fork() == 0:
            said = 'all'
            try:
                globals()[take]()
            except OSError as error:
                said = error.strerror
            os.write(write, said.encode())
            time.sleep(100_000)
        os.close(write)
        print(os.read(read, 1000).decode(), flush=True)
        os.close(read)


def one(take):
    """Whether another guest still gets one."""
    if take == 'namespaces' and libc.unshare(0x04000000) != 0:
        sys.exit('unshare')
    if take == 'aio' and libc.syscall(206, 1024, ctypes.byref(ctypes.c_ulong(0))) != 0:
        sys.exit('io_setup')
    if take == 'terminals':
        os.open('/dev/ptmx', os.O_RDWR | os.O_NOCTTY)
    if take == 'signals':
        import signal
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
        if libc.sigqueue(os.getpid(), int(signal.SIGRTMIN), ctypes.c_void_p(0)) != 0:
            sys.exit('sigqueue')


def memory():
    """Fills the memory, and again when the kernel has killed it."""
    while True:
        if os.fork() == 0:
            kept = []
            while True:
                kept.append(b'x' * (1 << 20))
        os.wait()


def processors():
    for _ in range(16):
        if os.fork() == 0:
            while True:
                pass


def bomb():
    """Starts processes without end. They leave the guest's processor to what else is hostile there."""
    os.nice(19)
    while True:
        try:
            os.fork()
        except OSError:
            pass


def disk():
    while True:
        with open('/root/full', 'wb', buffering=0) as file:
            try:
                for _ in range(4096):
                    file.write(bytes(1 << 20))
                os.fsync(file)
            except OSError:
                pass


globals()[sys.argv[1]](*sys.argv[2:])
