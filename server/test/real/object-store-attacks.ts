import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { makeBucket, succeeded } from '../object-storage.ts';
import { testPaths, testPresigned } from './object-store-addresses.ts';
import { codeOf, outcomeOf, type StoreCustomers } from './object-store-customers.ts';
import { testQuestions } from './object-store-questions.ts';
import { readAs, type Scene, setScene } from './object-store-scene.ts';

/** What somebody tries who has a key of another team, a lesser key of the same, or none. */
export function testAttacks(customers: StoreCustomers): void {
  describe('attacks', { concurrency: 1 }, () => {
    const scene = {} as Scene;
    before(async () => Object.assign(scene, await setScene(customers)));
    after(() => {
      for (const name of ['team', 'prefix', 'others', 'anonymous'] as const) scene[name]?.destroy();
    });
    testPolicies(scene);
    testPresigned(customers, scene);
    testPaths(customers, scene);
    testCopies(scene);
    testOtherApis(customers, scene);
    testNames(customers, scene);
    testLockout(customers);
    testClimbing(customers, scene);
    testQuestions(scene);
  });
}

const policyOf = (...Statement: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement });

function testPolicies(scene: Scene): void {
  it('a policy gives away only what its own bucket has', async () => {
    const { own, foreign, others, anonymous } = scene;
    const Policy = policyOf({
      ...{ Effect: 'Allow', Principal: '*', Action: 's3:*' },
      Resource: [`arn:aws:s3:::${own}`, `arn:aws:s3:::${own}/*`],
    });
    // Refused or not, it has no effect.
    await outcomeOf(others.send(new PutBucketPolicyCommand({ Bucket: foreign, Policy })));
    for (const client of [others, anonymous])
      assert.equal(await readAs(client, own, 'out/one'), 'AccessDenied');
    await others.send(new DeleteBucketPolicyCommand({ Bucket: foreign }));
  });

  it('what the owner makes public by a policy is public, and nothing else, and not for longer', async () => {
    const { own, team, anonymous } = scene;
    const Policy = policyOf({
      ...{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject' },
      Resource: [`arn:aws:s3:::${own}/in/*`],
    });
    await team.send(new PutBucketPolicyCommand({ Bucket: own, Policy }));
    const seen = async () => [
      await readAs(anonymous, own, 'in/one'),
      await readAs(anonymous, own, 'out/one'),
      await outcomeOf(anonymous.send(new ListObjectsV2Command({ Bucket: own }))),
      await outcomeOf(anonymous.send(new PutObjectCommand({ Bucket: own, Key: 'in/new', Body: 'x' }))),
    ];
    const no = 'AccessDenied';
    assert.deepEqual(await seen(), ['ok', no, no, no]);
    await team.send(new DeleteBucketPolicyCommand({ Bucket: own }));
    assert.deepEqual(await seen(), [no, no, no, no]);
  });

  it('public access lets anybody read objects, and neither list nor write them', async () => {
    const { open, anonymous, others } = scene;
    for (const client of [anonymous, others]) {
      assert.equal(await readAs(client, open, 'one'), 'ok');
      for (const command of [
        new ListObjectsV2Command({ Bucket: open }),
        new PutObjectCommand({ Bucket: open, Key: 'new', Body: 'x' }),
      ])
        assert.equal(await outcomeOf(client.send(command as ListObjectsV2Command)), 'AccessDenied');
    }
  });
}

function testCopies(scene: Scene): void {
  it('nobody copies what he may not read', async () => {
    const { own, foreign, prefix, others, team } = scene;
    const tries: [S3Client, string, string, string][] = [
      [others, foreign, 'stolen', `${own}/out/one`],
      [others, foreign, 'stolen', `/${own}/in/../out/one`],
      [prefix, own, 'in/stolen', `${own}/out/one`],
      [prefix, own, 'out/stolen', `${own}/in/one`],
      [team, own, 'stolen', `${foreign}/one`],
      [team, foreign, 'stolen', `${own}/out/one`],
    ];
    for (const [client, Bucket, Key, CopySource] of tries) {
      const copied = await outcomeOf(client.send(new CopyObjectCommand({ Bucket, Key, CopySource })));
      assert.ok(['AccessDenied', 'NoSuchKey'].includes(copied), `${Key} from ${CopySource}: ${copied}`);
    }
    const { UploadId } = await others.send(
      new CreateMultipartUploadCommand({ Bucket: foreign, Key: 'parts' }),
    );
    const part = { Bucket: foreign, Key: 'parts', UploadId, PartNumber: 1, CopySource: `${own}/out/one` };
    assert.equal(await outcomeOf(others.send(new UploadPartCopyCommand(part))), 'AccessDenied');
  });
}

function testOtherApis(customers: StoreCustomers, scene: Scene): void {
  it('no key reaches what only the platform may do', async () => {
    const { keys, own } = scene;
    for (const path of [
      '/admin/user?uid=danube',
      '/admin/bucket?stats=true',
      '/admin/metadata/user',
      '/admin/usage',
      '/admin/log?type=metadata',
      '/%61dmin/user',
      `/${own}/../admin/user`,
    ]) {
      const answer = await customers.signed(keys.team, { path });
      assert.ok(answer.status >= 400, `${path}: ${answer.status} ${answer.body}`);
    }
    const actions: Record<string, string>[] = [
      { Action: 'CreateUser', UserName: 'mine' },
      { Action: 'PutUserPolicy', UserName: 'danube', PolicyName: 'x', PolicyDocument: policyOf() },
      { Action: 'CreateRole', RoleName: 'x', AssumeRolePolicyDocument: policyOf() },
      { Action: 'ListRoles' },
      { Action: 'GetSessionToken' },
      { Action: 'AssumeRole', RoleArn: 'arn:aws:iam:::role/x', RoleSessionName: 'x' },
      // The gateway would send requests of its own to where a topic says.
      {
        Action: 'CreateTopic',
        Name: 'x',
        'Attributes.entry.1.key': 'push-endpoint',
        'Attributes.entry.1.value': 'http://127.0.0.1:8200',
      },
      { Action: 'ListTopics' },
    ];
    for (const parameters of actions) {
      const body = String(new URLSearchParams({ Version: '2010-05-08', ...parameters }));
      const answer = await customers.signed(keys.team, { method: 'POST', path: '/', service: 'iam', body });
      assert.ok(answer.status >= 400, `${parameters.Action}: ${answer.status} ${answer.body}`);
    }
  });

  it('a form without a signature writes nothing', async () => {
    const { own, open } = scene;
    const form = ['--b', 'content-disposition: form-data; name="key"', '', 'form', '--b'];
    const file = ['content-disposition: form-data; name="file"; filename="f"', '', 'x', '--b--', ''];
    for (const bucket of [own, open]) {
      const answer = await customers.send({
        ...{ method: 'POST', path: `/${bucket}`, body: [...form, ...file].join('\r\n') },
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
      });
      assert.equal(codeOf(answer), 'AccessDenied');
    }
  });
}

function testNames(customers: StoreCustomers, scene: Scene): void {
  it('nobody takes the names of another team', async () => {
    const { foreign, team } = scene;
    const Bucket = foreign.replace('attacker', 'wanted');
    assert.equal(await outcomeOf(team.send(new CreateBucketCommand({ Bucket }))), 'AccessDenied');
    const made = await makeBucket(customers.others, 'wanted');
    assert.equal(made.minio_bucket_name, Bucket);
    const own = `${customers.team.teamId}`;
    for (const number of [`${own}0`, `${own}15`, '0', '99', `${Number(own) + 1}`]) {
      const refused = new CreateBucketCommand({ Bucket: `t${number}-other` });
      assert.equal(await outcomeOf(team.send(refused)), 'AccessDenied', number);
    }
    for (const name of [`t${own}-a-1-b`, 'test-1']) {
      assert.equal(await outcomeOf(team.send(new CreateBucketCommand({ Bucket: name }))), 'ok', name);
      await team.send(new DeleteBucketCommand({ Bucket: name }));
    }
  });
}

function testLockout(customers: StoreCustomers): void {
  it('a policy that shuts everybody out does not keep its bucket from being changed and deleted', async () => {
    const { call, world } = customers;
    const { id, minio_bucket_name: Bucket } = await makeBucket(call, 'shut');
    const client = world.client(await customers.key({ scope: 'team' }));
    await client.send(new PutObjectCommand({ Bucket, Key: 'inside', Body: 'x' }));
    const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
    const Policy = policyOf({ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource });
    await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    assert.equal(await readAs(client, Bucket, 'inside'), 'AccessDenied');
    client.destroy();
    await succeeded(call, await call('PUT', `/storage/buckets/${id}`, { versioning_enabled: true }));
    await succeeded(call, await call('DELETE', `/storage/buckets/${id}?force=true`));
  });
}

function testClimbing(customers: StoreCustomers, scene: Scene): void {
  it('a name of an object that climbs out of its bucket leads to no other one when the bucket goes', async () => {
    const { call, others: otherCall } = customers;
    const { minio_bucket_name: victim } = await makeBucket(call, 'empty');
    const { minio_bucket_name: neighbour } = await makeBucket(otherCall, 'neighbour');
    const { id, minio_bucket_name: Bucket } = await makeBucket(otherCall, 'climber');
    for (const Key of [`../${victim}`, `../${neighbour}/`, '..', '.', 'plain']) {
      const { UploadId } = await scene.others.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      assert.ok(UploadId, Key);
    }
    await scene.others.send(new PutObjectCommand({ Bucket, Key: `../${victim}/one`, Body: 'x' }));
    const listed = await otherCall('GET', `/storage/buckets/${id}/objects?prefix=../`);
    assert.deepEqual(listed.body.folders, [`../${victim}/`]);
    await succeeded(otherCall, await otherCall('DELETE', `/storage/buckets/${id}?force=true`));
    assert.equal(await outcomeOf(scene.others.send(new ListObjectsV2Command({ Bucket }))), 'NoSuchBucket');
    assert.equal(await outcomeOf(scene.team.send(new ListObjectsV2Command({ Bucket: victim }))), 'ok');
    assert.equal(await outcomeOf(scene.others.send(new ListObjectsV2Command({ Bucket: neighbour }))), 'ok');
  });
}
