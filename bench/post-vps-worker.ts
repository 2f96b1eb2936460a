/** Sends the requests of create-simulated.ts from a thread of its own, as a client on another machine would. */
import { workerData } from 'node:worker_threads';
import { Pool } from 'undici';

export interface PostVpsJob {
  url: string;
  requests: number;
  clients: number;
  /** Used in turn: a token, and the id of an SSH key of its team. */
  accounts: { token: string; sshKeyId: number }[];
}

const job = workerData as PostVpsJob;
const pool = new Pool(job.url, { connections: job.clients });
let next = 0;

async function client(): Promise<void> {
  while (next < job.requests) {
    const index = next++;
    const account = job.accounts[index % job.accounts.length]!;
    const answer = await pool.request({
      method: 'POST',
      path: '/api/v1/vps',
      headers: { authorization: `Bearer ${account.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        name: `web-${index}`,
        image: 'debian-12',
        datacenter: 'fsn1',
        auth_method: 'ssh_key',
        ssh_key_id: account.sshKeyId,
      }),
    });
    const body = await answer.body.text();
    if (answer.statusCode !== 201) throw new Error(`${answer.statusCode}: ${body}`);
  }
}

await Promise.all(Array.from({ length: job.clients }, client));
await pool.close();
