import { createFileRoute } from '@tanstack/react-router';
import { SetPasswordPage } from '../../sign-in/links.tsx';

export const Route = createFileRoute('/account/password')({ component: SetPasswordPage });
