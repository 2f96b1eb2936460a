"""Sends and answers packets, for tests of firewalls: packets.py serve|probe|stream|knock JSON"""

import json
import os
import socket
import struct
import sys
import threading
import time

# Seconds without an answer that show that none comes.
SILENCE = 3.0
# The same in a connection in which the other side talks all the time: a busy machine may stand still for a while.
DEAD = 10.0


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve(options):
    """Answers on each address and port, over TCP and UDP, until it is killed. Says "up" once it does."""
    for address in options["addresses"]:
        for port in options["ports"]:
            tcp = socket.create_server((address, port), family=family(address))
            udp = socket.socket(family(address), socket.SOCK_DGRAM)
            if ":" in address:
                udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            udp.bind((address, port))
            for target, end in (accept, tcp), (answer, udp):
                threading.Thread(target=target, args=(end,), daemon=True).start()
    print("up", flush=True)
    threading.Event().wait()


def accept(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=talk, args=(connection,)).start()


def talk(connection):
    """Talks without being asked, so that a connection can live by what the server sends alone."""
    try:
        while True:
            connection.sendall(b"hi\n")
            time.sleep(0.1)
    except OSError:
        connection.close()


def answer(udp):
    while True:
        data, sender = udp.recvfrom(1500)
        udp.sendto(data, sender)


def connect(to, port, source, patience):
    connection = socket.socket(family(to), socket.SOCK_STREAM)
    connection.settimeout(patience)
    if source:
        connection.bind((source, 0))
    connection.connect((to, port))
    return connection


def tcp(to, port, source, patience):
    with connect(to, port, source, patience) as connection:
        return connection.recv(16) != b""


def udp(to, port, source, patience):
    with socket.socket(family(to), socket.SOCK_DGRAM) as sender:
        if source:
            sender.bind((source, 0))
        sender.connect((to, port))
        return ask(sender, b"hello", lambda data: data == b"hello", patience)


def icmp(to, _port, source, patience):
    six = ":" in to
    number = socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP
    with socket.socket(family(to), socket.SOCK_RAW, number) as sender:
        if source:
            sender.bind((source, 0))
        sender.connect((to, 0))
        token = os.urandom(4)
        head = struct.pack("!BB", 128 if six else 8, 0)
        total = sum(struct.unpack("!HHH", head + token))
        total = (total & 0xFFFF) + (total >> 16)
        checksum = 0 if six else ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
        request = head + struct.pack("!H", checksum) + token
        reply = bytes([129 if six else 0, 0])
        return ask(sender, request, lambda data: token in data and reply in data, patience)


def ask(sender, request, is_answer, patience):
    """Asks again where a packet is lost, as neighbour discovery under load may do."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        deadline = time.monotonic() + 1
        sender.send(request)
        while time.monotonic() < deadline:
            sender.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                if is_answer(sender.recv(1500)):
                    return True
            except TimeoutError:
                break
    return False


KINDS = {"tcp": tcp, "udp": udp, "icmp": icmp}


def probe(probes):
    """Tries all at once, and says which were answered, as a JSON list."""
    answered = [False] * len(probes)

    def attempt(index, one):
        try:
            patience = one.get("patience", SILENCE)
            answered[index] = KINDS[one["kind"]](one["to"], one.get("port"), one.get("from"), patience)
        except OSError:
            pass

    threads = [threading.Thread(target=attempt, args=pair) for pair in enumerate(probes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(answered))


def stream(one):
    """A connection in which both sides talk: says "alive" each time something comes, and "dead" once nothing does."""
    try:
        connection = connect(one["to"], one["port"], one.get("from"), DEAD)
        while connection.recv(16) != b"":
            print("alive", flush=True)
            connection.sendall(b"hello\n")
    except OSError:
        pass
    print("dead", flush=True)


def knock(one):
    """Tries over and over, fast; says "open" whenever it is let in, and "up" before it begins."""
    print("up", flush=True)
    while True:
        try:
            if tcp(one["to"], one["port"], None, 0.05):
                print("open", flush=True)
        except OSError:
            pass


if __name__ == "__main__":
    {"serve": serve, "probe": probe, "stream": stream, "knock": knock}[sys.argv[1]](json.loads(sys.argv[2]))
