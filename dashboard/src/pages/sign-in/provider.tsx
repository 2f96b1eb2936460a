import { createFileRoute } from '@tanstack/react-router';
import { ProviderPage } from '../../sign-in/links.tsx';

export const Route = createFileRoute('/sign-in/provider')({ component: ProviderPage });
