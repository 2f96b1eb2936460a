import { createFileRoute } from '@tanstack/react-router';
import { ConfirmEmailPage } from '../../sign-in/links.tsx';

export const Route = createFileRoute('/account/email')({ component: ConfirmEmailPage });
