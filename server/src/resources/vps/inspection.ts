import type { Database } from '../../db/database.ts';
import { type Engine, EngineError } from '../../engines/engine.ts';
import { createSingleFlight } from '../../lib/single-flight.ts';
import { diskFinding, drillFinding, type Finding, failedOperation, ranked, verdictOf } from '../diagnosis.ts';
import { eventsSection, listEvents } from '../events.ts';
import { statusDetails } from '../instance-status.ts';
import { drillsOf } from '../snapshots/store.ts';
import type { Vps } from './store.ts';
import { instanceRef } from './workflow.ts';

/** Seconds that a server gets to answer the question whether SSH answers. */
const PATIENCE_SECONDS = 2;

/** Looks at servers from outside, and asks whether SSH answers: what else is in them is their owner's. */
export function createVpsInspection({ database, engine }: { database: Database; engine: Engine }) {
  const once = createSingleFlight();

  const events = (vps: Vps) => listEvents(database.db, vps.id, `vps/${vps.name}`);

  /** Null where the guest cannot be asked, and `onTimeout` where it does not answer. An engine that is away is an error. */
  async function ask<T>(question: Promise<T>, onTimeout: T | null): Promise<T | null> {
    try {
      return await question;
    } catch (error) {
      if (!(error instanceof EngineError) || error.code === 'unreachable') throw error;
      return error.code === 'timeout' ? onTimeout : null;
    }
  }

  /** Null where it does not run. */
  const answersSsh = async (vps: Vps): Promise<boolean | null> => {
    if (vps.status !== 'running') return null;
    const answered = once(vps.id, () =>
      engine.waitForSsh(instanceRef(vps.team_id, vps.id), PATIENCE_SECONDS).then(() => true),
    );
    return ask(answered, false);
  };

  /** Looks for what is wrong, and what helps. `comparedAt` as in {@link statusDetails}. */
  async function diagnose(vps: Vps, comparedAt: Date | null) {
    const [ssh, usage, happened, drills] = await Promise.all([
      answersSsh(vps),
      ask(engine.describeUsage(instanceRef(vps.team_id, vps.id)), null),
      events(vps),
      drillsOf(database.db, vps.id),
    ]);
    const findings = ranked([
      failedOperation(vps, {
        retryable: 'Try again what failed: start it, or reinstall it.',
        final:
          'Restore a snapshot of it, or reinstall it. Where that fails the same way, ask the operator to look at the host.',
      }),
      ssh === false ? NO_SSH : null,
      diskFinding(vps, usage, 'Choose a plan with a larger disk (PUT), or delete data.'),
      drillFinding(drills, 'server'),
    ]);
    return {
      verdict: verdictOf(vps.status, findings),
      status: statusDetails({ ...vps, type: 'vps', noun: 'server' }, comparedAt),
      findings,
      sections: { events: eventsSection(happened), logs: null },
    };
  }

  return { events, diagnose };
}

const NO_SSH: Finding = {
  code: 'ssh_not_answering',
  severity: 'warning',
  summary: 'No SSH server answers inside the server, at port 22 or one that its settings name.',
  remediation:
    'Where you have not turned it off yourself, reboot the server. Where that does not help, restore a snapshot of it or reinstall it.',
  retryable: true,
};
