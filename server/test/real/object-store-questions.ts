import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetBucketReplicationCommand,
  GetBucketRequestPaymentCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetBucketWebsiteCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { outcomeOf } from './object-store-customers.ts';
import type { Scene } from './object-store-scene.ts';

/** Settings of a bucket that nobody has set. */
export function testQuestions(scene: Scene): void {
  it('each setting of a bucket can be asked for, also where nobody has set it', async () => {
    const Bucket = scene.own;
    const asked = {
      acl: new GetBucketAclCommand({ Bucket }),
      cors: new GetBucketCorsCommand({ Bucket }),
      encryption: new GetBucketEncryptionCommand({ Bucket }),
      lifecycle: new GetBucketLifecycleConfigurationCommand({ Bucket }),
      location: new GetBucketLocationCommand({ Bucket }),
      notification: new GetBucketNotificationConfigurationCommand({ Bucket }),
      objectLock: new GetObjectLockConfigurationCommand({ Bucket }),
      policy: new GetBucketPolicyCommand({ Bucket }),
      policyStatus: new GetBucketPolicyStatusCommand({ Bucket }),
      publicAccessBlock: new GetPublicAccessBlockCommand({ Bucket }),
      replication: new GetBucketReplicationCommand({ Bucket }),
      requestPayment: new GetBucketRequestPaymentCommand({ Bucket }),
      tagging: new GetBucketTaggingCommand({ Bucket }),
      versioning: new GetBucketVersioningCommand({ Bucket }),
      website: new GetBucketWebsiteCommand({ Bucket }),
    };
    const outcomes: Record<string, string> = {};
    for (const [name, command] of Object.entries(asked)) {
      outcomes[name] = await outcomeOf(scene.team.send(command as GetBucketAclCommand));
    }
    assert.deepEqual(outcomes, {
      acl: 'ok',
      cors: 'NoSuchCORSConfiguration',
      encryption: 'ok',
      lifecycle: 'NoSuchLifecycleConfiguration',
      location: 'ok',
      notification: 'ok',
      objectLock: 'ObjectLockConfigurationNotFoundError',
      policy: 'NoSuchBucketPolicy',
      policyStatus: 'ok',
      publicAccessBlock: 'NoSuchPublicAccessBlockConfiguration',
      replication: 'ok',
      requestPayment: 'ok',
      tagging: 'NoSuchTagSet',
      versioning: 'ok',
      website: 'NoSuchWebsiteConfiguration',
    });
  });
}
