import { createFileRoute } from '@tanstack/react-router';
import { ImagesPage } from '../../../operator/images-page.tsx';

export const Route = createFileRoute('/_console/operator/images')({ component: ImagesPage });
