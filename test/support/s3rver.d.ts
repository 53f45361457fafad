declare module 's3rver' {
  import type { RequestListener } from 'node:http';

  /** What the tests use of it; the package has no types of its own. */
  export default class S3rver {
    constructor(options: { directory: string; silent: boolean; configureBuckets: { name: string }[] });
    configureBuckets(): Promise<void>;
    callback(): RequestListener;
  }
}
