/** From an SSH key to a deleted VPS, with the generated axios client. */
import { isAxiosError } from 'axios';
import { Configuration, CreateVpsAuthMethodEnum, SSHKeysApi, VPSApi } from './index';

const configuration = new Configuration({
  basePath: process.env.API!,
  accessToken: process.env.TOKEN!,
});
const keys = new SSHKeysApi(configuration);
const servers = new VPSApi(configuration);

async function main(): Promise<void> {
  const created = await keys.createSshKey({ name: 'laptop', public_key: process.env.PUBLIC_KEY! });
  const key = created.data.key;
  const answer = await servers.createVps({
    name: 'web-1',
    image: 'debian-12',
    datacenter: 'fsn1',
    auth_method: CreateVpsAuthMethodEnum.SshKey,
    ssh_key_id: key.id,
  });
  const id = answer.data.instance.id;
  await waitFor(id, 'running');
  const list = (await servers.listVps()).data.data;
  if (list.map((server) => server.name).join() !== 'web-1')
    throw new Error('The list has something else than web-1.');
  await servers.rebootVps(id);
  await waitFor(id, 'running');
  await servers.stopVps(id);
  await waitFor(id, 'stopped');
  await servers.startVps(id);
  await waitFor(id, 'running');
  await servers.stopVps(id);
  await waitFor(id, 'stopped');
  await servers.deleteVps(id);
  await waitFor(id, 'deleted').catch((error: unknown) => {
    if (!isAxiosError(error) || error.response?.status !== 404) throw error;
  });
  await keys.deleteSshKey(key.id);
}

async function waitFor(id: string, status: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const { instance } = (await servers.getVps(id)).data;
    if (instance.status === status) return;
    if (instance.status === 'error' || Date.now() > deadline)
      throw new Error(`It is ${instance.status}, not ${status}.`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

main().catch((error) => {
  console.error(isAxiosError(error) ? `${error.message}: ${JSON.stringify(error.response?.data)}` : error);
  process.exitCode = 1;
});
