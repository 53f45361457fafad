export interface RedisSettings {
  port: number;
  /** Data, log and this file live here. */
  dir: string;
  /** Bytes that its data may take. */
  memory: number;
  password?: string | undefined;
  /** More lines for `redis.conf`, which win over those below. */
  more?: Readonly<Record<string, string>> | undefined;
}

/** The text of a `redis.conf` for a private Redis that keeps what it has acknowledged. */
export function redisConfig({ port, dir, memory, password, more }: RedisSettings): string {
  const settings: Record<string, string> = {
    bind: '127.0.0.1',
    port: String(port),
    'protected-mode': 'yes',
    dir,
    pidfile: `${dir}/redis.pid`,
    appendonly: 'yes',
    // A 202 means kept: every acknowledged write is on the disk.
    appendfsync: 'always',
    save: '',
    // New jobs are refused before it comes to that, and not when the machine has no memory left.
    maxmemory: String(memory),
    // The queue is no cache: at the limit a write must fail, not an old job vanish.
    'maxmemory-policy': 'noeviction',
    // Records, and inputs and outputs of a kilobyte, lie packed.
    'hash-max-listpack-value': '2048',
    ...(password === undefined ? {} : { requirepass: password }),
    ...more,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${quote(value)}\n`)
    .join('');
}

/** The value of one setting in a text made by `redisConfig`. */
export function readSetting(config: string, name: string): string | undefined {
  const line = config.split('\n').find((line) => line.startsWith(`${name} `));
  return line?.slice(name.length + 2, -1).replaceAll(/\\(["\\])/g, '$1');
}

function quote(value: string): string {
  return `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
}
