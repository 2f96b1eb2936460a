import type { InstanceSpec } from '../contract/compute.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { IncusError } from './errors.ts';

/**
 * Translates an error of Incus into what it means for the instance being created. Other errors are returned unchanged.
 */
export function explainCreation(error: IncusError, spec: InstanceSpec): DataPlaneError {
  const options = { detail: error.said, cause: error };
  if (/image.*not (found|provided)|alias.*not found|no matching image/i.test(error.said)) {
    return new DataPlaneError('image_unavailable', `The image "${spec.image}" is not ready.`, {
      ...options,
      retryable: true,
    });
  }
  if (/project.*not found|network.*not found/i.test(error.said)) {
    return new DataPlaneError('not_found', `Team ${spec.ref.teamId} has no network.`, options);
  }
  if (/(IP|MAC) address.*(already|in use)/i.test(error.said)) {
    return new DataPlaneError('invalid', 'The address is in use by another instance.', options);
  }
  if (/invalid|not allowed|forbidden|outside of|not within/i.test(error.said)) {
    return new DataPlaneError('invalid', 'The settings of this instance cannot be used.', options);
  }
  return error;
}
