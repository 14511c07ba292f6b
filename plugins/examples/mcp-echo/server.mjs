// A Model Context Protocol server without dependencies: JSON-RPC 2.0 messages,
// one per line, on standard input and output. Speaks the versions with a
// handshake and 2026-07-28, which has none.
import { createInterface } from 'node:readline';

const WITH_HANDSHAKE = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
const WITHOUT_HANDSHAKE = '2026-07-28';
const SERVER = { name: 'mcp-echo', version: '1.0.0' };
const CAPABILITIES = { tools: {} };

const TOOLS = {
  echo: {
    description: 'Gives back the text that it is given.',
    inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
    run: ({ text }) => String(text),
  },
  sum: {
    description: 'Adds numbers.',
    inputSchema: {
      type: 'object',
      properties: { numbers: { type: 'array', items: { type: 'number' } } },
      required: ['numbers'],
    },
    run: ({ numbers }) => String(numbers.reduce((total, number) => total + number, 0)),
  },
};

class Failure extends Error {
  constructor(code, message, data) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

function answer(method, params) {
  const version = params._meta?.['io.modelcontextprotocol/protocolVersion'];
  if (version !== undefined && version !== WITHOUT_HANDSHAKE) {
    const data = { supported: [WITHOUT_HANDSHAKE, ...WITH_HANDSHAKE], requested: version };
    throw new Failure(-32022, 'Unsupported protocol version', data);
  }
  switch (method) {
    case 'initialize': {
      const known = WITH_HANDSHAKE.includes(params.protocolVersion);
      return {
        protocolVersion: known ? params.protocolVersion : WITH_HANDSHAKE[0],
        capabilities: CAPABILITIES,
        serverInfo: SERVER,
      };
    }
    case 'server/discover':
      return { supportedVersions: [WITHOUT_HANDSHAKE], capabilities: CAPABILITIES, ttlMs: 0, cacheScope: 'private' };
    case 'ping':
      return {};
    case 'tools/list': {
      const tools = Object.entries(TOOLS).map(([name, { description, inputSchema }]) => ({ name, description, inputSchema }));
      return version ? { tools, ttlMs: 0, cacheScope: 'public' } : { tools };
    }
    case 'tools/call': {
      const tool = Object.hasOwn(TOOLS, params.name) ? TOOLS[params.name] : undefined;
      if (!tool) throw new Failure(-32602, `Unknown tool: ${params.name}`);
      try {
        return { content: [{ type: 'text', text: tool.run(params.arguments ?? {}) }] };
      } catch (error) {
        return { content: [{ type: 'text', text: error.message }], isError: true };
      }
    }
    default:
      throw new Failure(-32601, `Method not found: ${method}`);
  }
}

function reply(message) {
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n');
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  if (line.trim() === '') return;
  let request;
  try {
    request = JSON.parse(line);
  } catch {
    reply({ id: null, error: { code: -32700, message: 'Parse error' } });
    return;
  }
  const { id, method, params = {} } = request;
  if (method === undefined || id === undefined) return; // an answer or a notification
  try {
    const result = answer(method, params);
    if (params._meta?.['io.modelcontextprotocol/protocolVersion']) {
      result.resultType = 'complete';
      result._meta = { 'io.modelcontextprotocol/serverInfo': SERVER };
    }
    reply({ id, result });
  } catch (error) {
    reply({ id, error: { code: error.code ?? -32603, message: error.message, data: error.data } });
  }
});
lines.on('close', () => process.exit(0));
