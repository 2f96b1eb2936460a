import type { Compute, GuestLog, GuestReport } from '../../dataplane/contract/compute.ts';
import { DataPlaneError, type DataPlaneErrorCode } from '../../dataplane/contract/errors.ts';
import type { Database } from '../../db/database.ts';
import {
  diskFinding,
  diskSection,
  drillFinding,
  type Finding,
  failedOperation,
  offlineFinding,
  powerFinding,
  ranked,
  readOnlyFinding,
  verdictOf,
} from '../../instances/diagnosis.ts';
import { eventsSection, viewEvents } from '../../instances/event-list.ts';
import { instanceRef } from '../../instances/naming.ts';
import { type Ask, createAsk } from '../../instances/single-flight.ts';
import { statusDetails } from '../../instances/status.ts';
import type { Policies } from '../../lib/packet-filter/policy.ts';
import type { Observation } from '../../reconcilers/reconcilers.ts';
import { readIntent } from '../firewalls/intent.ts';
import { drillsOf } from '../snapshots/store.ts';
import { cloudInitFindings, notAdmittedFindings } from './guest-findings.ts';
import type { Vps } from './store.ts';

/** Seconds to wait for an answer of the SSH server. */
const PROBE_SECONDS = 2;
/** Errors that mean that SSH does not answer. */
const NO_ANSWER: ReadonlySet<DataPlaneErrorCode> = new Set(['timeout', 'stopped']);

/**
 * Diagnoses servers by their usage, whether SSH answers, and what they show when their customer asks: the ports on which
 * they listen, and what cloud-init did. Danube looks into no server without being asked.
 */
export class VpsInspection {
  readonly #database: Database;
  readonly #plane: Compute;
  readonly #ask: Ask;

  constructor({ database, plane }: { database: Database; plane: Compute }) {
    const ask = createAsk();
    this.#database = database;
    this.#plane = plane;
    this.#ask = ask;
  }

  events(vps: Vps) {
    return viewEvents(this.#database.db, vps.id, `vps/${vps.name}`);
  }

  async #answersWithin(vps: Vps, seconds: number): Promise<boolean> {
    try {
      await this.#plane.waitForSsh(instanceRef(vps), seconds);
      return true;
    } catch (error) {
      if (error instanceof DataPlaneError && NO_ANSWER.has(error.code)) return false;
      throw error;
    }
  }

  /** Null where it is not running. */
  async #answersSsh(vps: Vps): Promise<boolean | null> {
    return vps.status === 'running'
      ? this.#ask(`${vps.id} ssh`, () => this.#answersWithin(vps, PROBE_SECONDS))
      : null;
  }

  /** What the inside shows, and the firewalls around it; null where it gives no answer. */
  async #guest(vps: Vps): Promise<(GuestReport & { policies: Policies }) | null> {
    const ref = instanceRef(vps);
    const [report, { firewalls }] = await Promise.all([
      this.#ask(`${vps.id} guest`, () => this.#plane.describeGuest(ref)),
      readIntent(this.#database.db, vps.team_id),
    ]);
    const own = firewalls.find((firewall) => firewall.ref.name === ref.name);
    return report && { ...report, policies: own?.policies ?? [] };
  }

  /** One of its logs. `reason` says why there is none. */
  async log(vps: Vps, log: GuestLog): Promise<{ text: string | null; reason: string | null }> {
    const text = await this.#ask(`${vps.id} ${log}`, () => this.#plane.readGuestLog(instanceRef(vps), log));
    const reason = vps.status === 'stopped' && log !== 'console' ? 'The server is stopped.' : NO_LOG;
    return { text, reason: text === null ? reason : null };
  }

  /** Looks for problems and remedies. `seen` as in {@link statusDetails}. */
  async diagnose(vps: Vps, seen: Observation) {
    const ref = instanceRef(vps);
    const power =
      vps.status === 'running'
        ? ((await this.#ask(`${vps.id} power`, () => this.#plane.describeInstance(ref)))?.power ?? null)
        : null;
    const [ssh, guest, usage, happened, drills] = await Promise.all([
      power === 'running' ? this.#answersSsh(vps) : null,
      power === 'running' ? this.#guest(vps) : null,
      this.#ask(`${vps.id} usage`, () => this.#plane.describeUsage(ref)),
      this.events(vps),
      drillsOf(this.#database.db, vps.id),
    ]);
    const findings = ranked([
      failedOperation(vps, {
        retryable: 'Try again what failed: start it, or reinstall it.',
        final:
          'Restore a snapshot of it, or reinstall it. Where that fails the same way, ask the operator to look at ' +
          'the host.',
      }),
      powerFinding(vps.status, power, 'server'),
      vps.status === 'running' ? readOnlyFinding(seen.writeRefusal, 'server') : null,
      offlineFinding(usage?.online ?? null, 'server'),
      ssh === false ? NO_SSH : null,
      ...(guest ? cloudInitFindings(guest.cloudInit) : []),
      ...(guest ? notAdmittedFindings(guest, guest.policies, vps) : []),
      usage?.oomKills ? outOfMemory(usage.oomKills) : null,
      diskFinding(vps, usage?.diskBytes ?? null, 'Choose a plan with a larger disk (PUT), or delete data.'),
      drillFinding(drills, 'server'),
    ]);
    return {
      verdict: verdictOf(vps.status, findings),
      status: statusDetails({ ...vps, type: 'vps', noun: 'server', problem: null }, seen),
      findings,
      sections: {
        events: eventsSection(happened),
        logs: null,
        disk: diskSection(vps, usage?.diskBytes ?? null),
      },
    };
  }
}

/** A warning: what was killed may have been started again, or have been of no matter. */
const outOfMemory = (kills: number): Finding => ({
  code: 'out_of_memory',
  severity: 'warning',
  summary: `The kernel ended ${kills} processes in the server for want of memory since it was started.`,
  remediation: 'Choose a plan with more memory (PUT), or run less in it.',
  retryable: false,
});

const NO_LOG = 'The server has no such log, or cannot give it at the moment.';

const NO_SSH: Finding = {
  code: 'ssh_not_answering',
  severity: 'warning',
  summary: 'No SSH server answers inside the server, at port 22 or one that its settings name.',
  remediation:
    'Where you have not turned it off yourself, reboot the server. Where that does not help, restore a snapshot of ' +
    'it or reinstall it.',
  retryable: true,
};
