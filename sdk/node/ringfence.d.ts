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
  /** Stable word: `not_granted`, `budget`, `invalid`, `not_recorded`, `not_found`, `failed`... */
  readonly code: string;
  /** The capability that was needed, such as `storage.write`; null when it failed for another reason. */
  readonly kind: string | null;
  /** On what: a path, key, subject or program. */
  readonly object: string | null;
  /** The option that would allow it, when there is one. */
  readonly repair: string | null;
}

export interface FileFacts {
  kind: 'file' | 'folder' | 'other';
  bytes: number;
  modified_ms: number;
}

export interface ProgramResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** The world, as far as the grants go. Every method rejects with a RingfenceError. */
export interface Ringfence {
  /** The plugin's name. */
  readonly plugin: string;
  /** Needs storage.read or storage.write of the key. */
  readonly storage: {
    get(key: string): Promise<Json>;
    set(key: string, value: Json): Promise<null>;
    delete(key: string): Promise<boolean>;
    list(prefix?: string): Promise<string[]>;
  };
  /** Needs files.read, files.write or files.delete of the path. */
  readonly files: {
    read(path: string, encoding?: 'utf8' | 'base64'): Promise<string>;
    read(path: string, encoding: 'buffer'): Promise<Uint8Array>;
    write(path: string, content: string | Uint8Array): Promise<null>;
    list(path: string): Promise<string[]>;
    stat(path: string): Promise<FileFacts | null>;
    delete(path: string): Promise<null>;
  };
  /** Needs events.publish or events.subscribe of the subject. */
  readonly events: {
    publish(subject: string, data?: Json): Promise<null>;
    subscribe(subject: string, handler: (data: Json, subject: string) => unknown): Promise<void>;
  };
  /** Needs environment.read of the variable. */
  readonly environment: { get(name: string): Promise<string | null> };
  /** Needs config.read or config.write of the key; `initial` needs nothing. */
  readonly config: {
    readonly initial: Json;
    get(key: string): Promise<Json>;
    set(key: string, value: Json): Promise<null>;
  };
  /** Needs process.execute of the program; it runs in a jail of its own. */
  readonly process: {
    execute(program: string, args?: string[], options?: { input?: string }): Promise<ProgramResult>;
  };
  /** Needs host.call of `service/method`. */
  readonly host: { call(service: string, method: string, args?: Json): Promise<Json> };
  /** Lines for whoever runs the plugin. */
  readonly log: Record<'debug' | 'info' | 'warning' | 'error', (message: unknown) => void>;
  /** For `instanceof`. */
  readonly RingfenceError: new (message: string, data?: object) => RingfenceError;
}
