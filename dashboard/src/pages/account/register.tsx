import { createFileRoute } from '@tanstack/react-router';
import { RegisterPage } from '../../sign-in/links.tsx';

export const Route = createFileRoute('/account/register')({ component: RegisterPage });
