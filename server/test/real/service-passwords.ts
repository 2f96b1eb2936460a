import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { TestService } from './service.ts';

interface Subject {
  service: TestService;
  /** Whether the engine lets the customer in with this password. */
  admits(password: string): Promise<boolean>;
  ready(): Promise<unknown>;
}

/** Tests that two passwords work beside each other as long as the settings name both, also after a restart. */
export function testRotation(subject: () => Subject): void {
  it('lets in with the new password and the one before it, until that expires', async () => {
    const { service, admits, ready } = subject();
    const previous = service.settings.password;
    const next = 'Rotated-1';
    const admitted = async () => [await admits(previous), await admits(next), await admits('neither')];
    const control = (verb: 'reload' | 'restart') => service.plane.control(service.spec.ref, verb);
    await service.push({ password: next, previousPassword: previous });
    await control('reload');
    assert.deepEqual(await admitted(), [true, true, false]);
    await control('reload');
    assert.deepEqual(await admitted(), [true, true, false]);
    await control('restart');
    await ready();
    assert.deepEqual(await admitted(), [true, true, false]);
    await service.push({ previousPassword: '' });
    await control('reload');
    assert.deepEqual(await admitted(), [false, true, false]);
    await service.push({ password: previous });
    await control('reload');
    assert.deepEqual(await admitted(), [true, false, false]);
  });
}
