import { createFileRoute } from '@tanstack/react-router';
import { SshKeysPage } from '../../ssh-keys/ssh-keys-page.tsx';

export const Route = createFileRoute('/_console/ssh-keys')({ component: SshKeysPage });
