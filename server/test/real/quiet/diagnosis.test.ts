import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { waitFor } from '../../harness.ts';
import { CONDITIONS, type Condition } from '../diagnosis-conditions.ts';
import { DiagnosisWorld, SUBJECTS, type Subject } from '../diagnosis-world.ts';

/**
 * Instances of every kind in every condition that can be made, and what the API says of them. Each instance goes from
 * one condition to the next, one after the other, so that only one disk is full at a time.
 */
describe('diagnosis on Incus', { timeout: 4_800_000, concurrency: 1 }, () => {
  const world = new DiagnosisWorld();
  before(() => world.open());
  after(() => world.close());

  for (const subject of SUBJECTS) {
    describe(`tells the truth of a ${subject}`, { concurrency: 1 }, () => {
      for (const condition of CONDITIONS.filter(({ subjects }) => subjects.includes(subject))) {
        it(condition.name, async () => {
          await condition.during(world, subject, () => isTold(condition, subject));
          await world.well(subject);
        });
      }

      it('that was ended from outside', async () => {
        await world.kill(subject);
        await waitFor(`the ${subject} to be told as down`, async () => {
          const { verdict, findings } = await world.diagnose(subject);
          return verdict === 'stopped' || findings.some(({ code }) => code === 'instance_stopped');
        });
      });
    });
  }

  async function isTold({ code, summary, health }: Condition, subject: Subject): Promise<void> {
    if (code === null) {
      await world.well(subject);
    } else {
      const found = await world.finds(subject, code);
      assert.match(found.summary, summary ?? /./);
      assert.notEqual(found.verdict, 'healthy');
    }
    if (health !== undefined) await world.shows(subject, health);
  }
});
