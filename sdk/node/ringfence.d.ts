// Types for authors of plugins that run under Ringfence with runtime `node`.
//
//   import type { Action } from './ringfence';
//   export const greet: Action<{ name: string }, string> = async (input, ringfence) => ...

/** Anything that JSON can say. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** An action: takes the input of a call, returns what JSON can say. */
export type Action<Input = any, Output = any> = (
  input: Input,
  ringfence: Ringfence,
) => Output | Promise<Output>;

/** What a plugin module exports: one of these, or actions by name. */
export type Plugin =
  | Action
  | { actions: Record<string, Action> }
  | { name: string; actions: { name: string; handler: (...args: any[]) => unknown }[] };

/** A request to the host was denied or failed. */
export interface RingfenceError extends Error {
  readonly name: 'RingfenceError';
  /** Stable word: `not_granted`, `not_recorded`, `budget`, `invalid`, `not_found`, `failed`, `unknown_method`. */
  readonly code: string;
  /** The capability that was needed, such as `storage.write`. */
  readonly kind: string | null;
  /** On what: a path, key, subject or program. */
  readonly object: string | null;
  /** Who withheld it: `declared`, `policy`, `consent`, `scope`, `revoked` or `unavailable`. */
  readonly withheldBy: string | null;
  /** The option that would allow it, when there is one. */
  readonly repair: string | null;
}

export interface FileFacts {
  kind: 'file' | 'folder' | 'link' | 'other';
  /** Bytes; 0 when it is no file. */
  size: number;
  /** Milliseconds since 1970-01-01 UTC. */
  modifiedMs: number;
}

export interface FolderEntry {
  name: string;
  kind: 'file' | 'folder' | 'link' | 'other';
}

/** Where a list starts (behind this name) and how many it holds at most; all without `max`. */
export interface Page {
  after?: string;
  max?: number;
}

/** `offset` and `max` in bytes; the whole file without them. */
export interface ReadOptions {
  offset?: number;
  max?: number;
}

export interface ProgramResult {
  exitCode: number;
  /** Bytes when it is not UTF-8. */
  stdout: string | Uint8Array;
  stderr: string | Uint8Array;
  /** Whether one of the two was cut. */
  truncated: boolean;
}

export interface Event {
  subject: string;
  /** The instance that sent it; the host says so, not the sender. */
  publisher: string;
  /** From another plugin: not to be trusted. */
  payload: Json;
}

/** Events wait at the host until they are fetched. Leaving the loop unsubscribes. */
export interface Subscription extends AsyncIterable<Event> {
  readonly subject: string;
  /** Resolves when the host listens; rejects when it may not. */
  readonly ready: Promise<number>;
  /** Events that were lost because nobody fetched them. */
  readonly dropped: number;
  /** What waits, oldest first. */
  poll(max?: number): Promise<Event[]>;
  /** Whether there was something to end. */
  unsubscribe(): Promise<boolean>;
}

/** The world, as far as the grants go. Every method rejects with a RingfenceError. */
export interface Ringfence {
  /** The plugin's name. */
  readonly plugin: string;
  /** Any method of the broker by its name, such as `ai.complete` with `{ object, params }`. */
  call(method: string, params?: { [key: string]: Json }): Promise<any>;
  /** Needs storage.read or storage.write of the key. A missing key is null; bytes stay bytes. */
  readonly storage: {
    get(key: string): Promise<any>;
    set(key: string, value: Json | Uint8Array): Promise<null>;
    delete(key: string): Promise<boolean>;
    list(prefix?: string, page?: Page): Promise<string[]>;
  };
  /** Needs files.read, files.write or files.delete of the absolute path. */
  readonly files: {
    read(path: string, options?: ReadOptions & { encoding?: 'text' | 'base64' }): Promise<string>;
    read(path: string, options: ReadOptions & { encoding: 'bytes' }): Promise<Uint8Array>;
    /** The number of bytes written. */
    write(
      path: string,
      content: string | Uint8Array,
      options?: { mode?: 'replace' | 'append' },
    ): Promise<number>;
    list(path: string, page?: Page): Promise<FolderEntry[]>;
    /** Null when there is nothing of that name. */
    stat(path: string): Promise<FileFacts | null>;
    mkdir(path: string): Promise<null>;
    delete(path: string): Promise<null>;
  };
  /** Needs events.publish or events.subscribe of the subject. */
  readonly events: {
    publish(subject: string, payload?: Json): Promise<null>;
    /**
     * `for await (const event of ringfence.events.subscribe('notes.*')) ...` looks every `interval`
     * milliseconds (250) and ends after `timeout` milliseconds without an event (never).
     */
    subscribe(subject: string, options?: { interval?: number; timeout?: number }): Subscription;
  };
  /** Needs environment.read of the variable. Null when the host lends none of that name. */
  readonly environment: { get(name: string): Promise<string | null> };
  /** Needs config.read or config.write of the key; `initial` needs nothing. */
  readonly config: {
    readonly initial: Json;
    get(key: string): Promise<any>;
    set(key: string, value: Json): Promise<null>;
  };
  /** Needs process.execute of the program; it runs in a jail of its own. */
  readonly process: {
    execute(program: string, args?: string[], stdin?: string | Uint8Array): Promise<ProgramResult>;
  };
  /** Needs network.request of the place. Redirects are answers like any other. */
  readonly http: {
    fetch(
      url: string | URL,
      options?: {
        method?: string;
        headers?: Record<string, string>;
        body?: string | Uint8Array;
        /** Seconds. */
        timeout?: number;
        /** Most bytes of the answer. */
        max?: number;
      },
    ): Promise<{ status: number; headers: [string, string][]; body: string | Uint8Array }>;
  };
  /** Needs host.call of `service/method`. */
  readonly host: { call(service: string, method: string, params?: Json): Promise<any> };
  /** Lines for whoever runs the plugin. */
  readonly log: Record<'debug' | 'info' | 'warning' | 'error', (message: unknown) => void>;
  /** For `instanceof`. */
  readonly RingfenceError: new (message: string, data?: object) => RingfenceError;
}
