import { createFileRoute } from '@tanstack/react-router';
import { TokensPage } from '../../tokens/tokens-page.tsx';

export const Route = createFileRoute('/_console/tokens')({ component: TokensPage });
