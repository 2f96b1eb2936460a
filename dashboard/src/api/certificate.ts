import { answerOf, api } from './client.ts';
import { saveFile } from './files.ts';

/** Saves the certificate by which clients know the servers of this install. */
export async function saveCertificate(): Promise<void> {
  const { certificate } = await answerOf(api.GET('/certificate-authority'));
  saveFile(new Blob([certificate], { type: 'application/x-pem-file' }), 'danube-ca.pem');
}
