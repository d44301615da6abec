import { generate } from 'selfsigned';

/** A key and a certificate that nobody but the test has reason to trust. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * Made anew, so that no private key lies in the repository.
 *
 * @param options.host an IPv4 address
 * @param options.expired whether its time was over yesterday
 */
export async function makeCertificate({
  host = '127.0.0.1',
  expired = false,
}: { host?: string; expired?: boolean } = {}): Promise<Certificate> {
  const today = Date.now();
  const { private: key, cert } = await generate([{ name: 'commonName', value: host }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(today - 2 * DAY_MS),
    notAfterDate: new Date(today + (expired ? -DAY_MS : DAY_MS)),
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: host }] },
    ],
  });
  return { key, cert };
}
