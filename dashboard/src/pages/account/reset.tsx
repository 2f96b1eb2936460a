import { createFileRoute } from '@tanstack/react-router';
import { ResetPage } from '../../sign-in/links.tsx';

export const Route = createFileRoute('/account/reset')({ component: ResetPage });
