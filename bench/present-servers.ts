import { randomUUID } from 'node:crypto';
import type { TestApp } from '../server/test/harness.ts';

/** Adds so many running VPS to the team of a test, created one second apart, the newest first. Returns their ids in that order. */
export async function insertServers({ database: { pool }, team }: TestApp, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  const client = await pool.connect();
  try {
    await client.query('begin');
    // No triggers: they count each row in one that all share, and check each reference.
    await client.query(`set local session_replication_role = replica`);
    await client.query(
      `with instance as (
         insert into instances (id, kind, team_id, user_id, name, status, desired, plan, vcpu, memory_mb, disk_gb,
           price_cents, datacenter, created_at)
         select id, 'vps', $1, $2, 'web-' || n, 'running', 'running', 'nano_shared', 2, 2048, 40,
           449, 'fsn1', now() - make_interval(secs => n)
         from unnest($3::uuid[]) with ordinality one (id, n)
         returning id),
       numbered as (select id, row_number() over () n from instance),
       member as (insert into members (id, instance_id, ipv4) select id, id, inet '10.64.0.0' + n from numbered)
       insert into vps (id, cpu_allocation_type, image, auth_method, password_sealed, network_stack)
       select id, 'shared', 'debian-12', 'ssh_key', '\\x00', 'dual_stack' from numbered`,
      [team.teamId, team.accountId, ids],
    );
    await client.query('commit');
  } finally {
    client.release();
  }
  await pool.query('vacuum (analyze) instances, members, vps');
  return ids;
}
