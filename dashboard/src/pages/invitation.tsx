import { createFileRoute } from '@tanstack/react-router';
import { InvitationPage } from '../invitation/invitation-page.tsx';

export const Route = createFileRoute('/invitation')({ component: InvitationPage });
