import type { MailConfig } from './config.ts';
import { describeRefusal, openTransport } from './transport.ts';

/** Connects to the mail server and logs in. Returns why that fails; null where it works. */
export async function checkMail(config: MailConfig): Promise<string | null> {
  const transport = await openTransport(config, 1);
  try {
    await transport.verify();
    return null;
  } catch (error) {
    return describeRefusal(error);
  } finally {
    transport.close();
  }
}
