import { sql } from 'kysely';
import type { ConsistencyCheck } from '../module.ts';
import { isUnfinished } from '../operations/unfinished.ts';
import { allKinds } from './kinds.ts';
import { memberName } from './naming.ts';
import { listTeamInstances } from './store.ts';
import { volumeOf } from './volumes.ts';

/**
 * Checks that rows match instances and volumes one to one, no operation is left, and addresses and quota counters are
 * right.
 */
export async function findInstanceInconsistencies(check: ConsistencyCheck): Promise<string[]> {
  const problems: string[] = [];
  const rows = await listTeamInstances(check.db, check.teamId);
  const reports = new Map(check.instances.map((report) => [report.ref.name, report]));
  const volumes = new Map(check.volumes.map((ref) => [ref.name, ref]));
  for (const row of rows) {
    const name = memberName(row.kind, row.member_id);
    const found = reports.get(name);
    reports.delete(name);
    const volumeName = row.volume_id && volumeOf(row).name;
    const volumeRef = volumeName && volumes.get(volumeName);
    if (volumeName) volumes.delete(volumeName);
    if (row.status === 'error') continue;
    if (found?.power !== row.status)
      problems.push(`row ${row.id} is ${row.status}, its instance ${found?.power}`);
    else if (found?.generation !== row.generation)
      problems.push(`row ${row.id} has an instance of another generation`);
    const detail = found && (await check.plane.describeInstance(found.ref));
    if (!detail) continue;
    if (detail.limits.memoryMb !== row.memory_mb) problems.push(`${row.id} has the memory of another plan`);
    const volume = volumeRef && (await check.plane.describeVolume(volumeRef));
    if (row.volume_id && !volume) problems.push(`${row.id} has lost its volume`);
    const diskGb = volume ? volume.sizeGb : detail.limits.diskGb;
    if (diskGb !== row.disk_gb) problems.push(`${row.id} has a disk of ${diskGb} and not ${row.disk_gb} GB`);
  }
  for (const name of [...reports.keys(), ...volumes.keys()]) problems.push(`${name} has no row`);
  return [...problems, ...(await findMiscounts(check)), ...(await findMiscountedPromises(check))];
}

async function findMiscounts({ db, teamId }: ConsistencyCheck): Promise<string[]> {
  const count = async (text: ReturnType<typeof sql>) =>
    Number(((await sql`select (${text})::integer as n`.execute(db)).rows[0] as { n: number }).n);
  const problems: string[] = [];
  const open = await count(sql`select count(*) from operations
    where team_id = ${teamId} and ${isUnfinished()}`);
  if (open > 0) problems.push(`${open} operations never ended`);
  const homeless = await count(sql`select count(*) from members m join instances i on i.id = m.instance_id
    where i.team_id = ${teamId} and not exists (select from addresses where member_id = m.id)`);
  if (homeless > 0) problems.push(`${homeless} instances have no address`);
  const [storage, taken] = [
    await count(
      sql`select coalesce(sum(used), 0) from team_usage where team_id = ${teamId} and kind = 'storage_gb'`,
    ),
    await count(sql`select coalesce(sum(gb), 0) from (
      select disk_gb as gb from instances where team_id = ${teamId} union all
      select snapshot_gb(reason, status, size_bytes, disk_gb) from snapshots where team_id = ${teamId}) as all_of_it`),
  ];
  if (storage !== taken) problems.push(`the storage quota counts ${storage} of ${taken} GB`);
  for (const { name } of allKinds()) {
    const used = await count(sql`select coalesce(sum(used), 0) from team_usage
      where team_id = ${teamId} and kind = ${name}`);
    const present = await count(
      sql`select count(*) from instances where team_id = ${teamId} and kind = ${name}`,
    );
    if (used !== present) problems.push(`the quota counts ${used} of ${present} ${name}`);
  }
  return problems;
}

/** Of the whole host, whichever team is looked at. */
async function findMiscountedPromises({ db }: ConsistencyCheck): Promise<string[]> {
  const result = await sql<{ counted: string; promised: string }>`
    select concat(memory_promised_mb, ' MB, ', disk_promised_gb, ' GB') as counted, (
      select concat(coalesce(sum(memory), 0), ' MB, ', coalesce(sum(disk), 0), ' GB') from (
        select memory_mb as memory, disk_gb as disk from instances
        union all select drill_memory_mb, drill_disk_gb from snapshots) as all_of_it) as promised
    from capacity`.execute(db);
  const { counted, promised } = result.rows[0]!;
  return counted === promised ? [] : [`the host counts ${counted} of ${promised} as promised`];
}
