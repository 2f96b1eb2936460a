"""From an SSH key to a deleted VPS, with the generated Python client."""

import os
import time

from openapi_client import ApiClient, Configuration, CreateSshKey, CreateVps, SSHKeysApi, VPSApi
from openapi_client.exceptions import NotFoundException

configuration = Configuration(host=os.environ["API"], access_token=os.environ["TOKEN"])
with ApiClient(configuration) as client:
    keys = SSHKeysApi(client)
    servers = VPSApi(client)

    key = keys.create_ssh_key(CreateSshKey(name="laptop", public_key=os.environ["PUBLIC_KEY"])).key
    created = servers.create_vps(
        CreateVps(name="web-1", image="debian-12", datacenter="fsn1", auth_method="ssh_key", ssh_key_id=key.id)
    ).instance

    def wait_for(status):
        deadline = time.monotonic() + 120
        while True:
            server = servers.get_vps(created.id).instance
            if server.status == status:
                return
            if server.status == "error" or time.monotonic() > deadline:
                raise SystemExit(f"It is {server.status}, not {status}.")
            time.sleep(0.2)

    wait_for("running")
    assert [server.name for server in servers.list_vps(per_page=100).data] == ["web-1"]
    servers.reboot_vps(created.id)
    wait_for("running")
    servers.stop_vps(created.id)
    wait_for("stopped")
    servers.start_vps(created.id)
    wait_for("running")
    servers.stop_vps(created.id)
    wait_for("stopped")
    servers.delete_vps(created.id)
    try:
        wait_for("deleted")
    except NotFoundException as answer:
        assert answer.data.code == "not_found"
    keys.delete_ssh_key(key.id)
    assert keys.list_ssh_keys().data == []
