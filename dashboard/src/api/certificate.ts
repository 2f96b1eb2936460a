import { answerOf, api } from './client.ts';

/** Saves the certificate by which clients know the servers of this install. */
export async function saveCertificate(): Promise<void> {
  const { certificate } = await answerOf(api.GET('/certificate-authority'));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([certificate], { type: 'application/x-pem-file' }));
  link.download = 'danube-ca.pem';
  link.click();
  URL.revokeObjectURL(link.href);
}
