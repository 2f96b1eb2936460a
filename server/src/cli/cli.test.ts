import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from './failure.ts';
import { helpText, runCommand } from './run-command.ts';
import { describeScopes, parseExpiry, parseScopes } from './token.ts';

test('an invalid command line is answered with the usage', async () => {
  const wrong: [string[], RegExp][] = [
    [['fly'], /no command "fly"/],
    [['token', 'burn'], /no command "token burn".*token create, token list, token revoke/],
    [['image'], /no command "image".*image list, image build/],
    [['doctor', '--loud'], /--loud.*Usage: danube doctor/s],
    [['token', 'revoke'], /Usage: danube token revoke ID/],
    [['token', 'revoke', 'abc'], /not a token id/],
    [['token', 'create'], /--name/],
    [['start', 'now'], /"now" is one word too many.*Usage: danube start/s],
    // Would run everything, if what is unknown were ignored.
    [['test', '--fats', 'vps.test'], /'--fats'.*Usage: danube test/s],
    [['generate', '--chek'], /'--chek'.*Usage: danube generate/s],
  ];
  for (const [args, message] of wrong) {
    await assert.rejects(runCommand(args), (error: unknown) => {
      assert.ok(error instanceof UsageError, `${args.join(' ')}: ${error}`);
      assert.match(error.message, message);
      return true;
    });
  }
});

test('help names every command', () => {
  for (const name of [
    'start',
    'doctor',
    'destroy',
    'image build',
    'image list',
    'token create',
    'token list',
  ]) {
    assert.ok(helpText().includes(`\n  ${name}`), name);
  }
});

test('an expiry is a duration or a date', () => {
  const now = new Date('2026-01-01T00:00:00Z');
  assert.equal(parseExpiry('30d', now).toISOString(), '2026-01-31T00:00:00.000Z');
  assert.equal(parseExpiry('12h', now).toISOString(), '2026-01-01T12:00:00.000Z');
  assert.equal(parseExpiry('2027-01-31', now).toISOString(), '2027-01-31T00:00:00.000Z');
  assert.throws(() => parseExpiry('soon', now), UsageError);
});

test('scopes are a named set or a list', () => {
  assert.deepEqual(parseScopes('vps:read, vps:write'), ['vps:read', 'vps:write']);
  assert.ok(parseScopes('Admin').includes('webhook:write'));
  assert.ok(!parseScopes('editor').includes('vps:delete'));
  for (const name of ['default', 'read', 'editor', 'admin'])
    assert.equal(describeScopes(parseScopes(name)), name);
  assert.equal(describeScopes(['vps:write', 'vps:read']), 'vps:write,vps:read');
});
