// Runs ccxt, REST and WebSocket, against the simulated venue. Nothing of ccxt is changed but its URLs; the
// certificate authority comes through NODE_EXTRA_CA_CERTS.
// usage: node client.mjs PORT CCXT_FOLDER CLIENT_ID CLIENT_SECRET
import assert from "node:assert/strict";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [port, folder, clientId, clientSecret] = process.argv.slice(2);
const entry = path.join(folder, "node_modules", "ccxt", "js", "ccxt.js");
const { default: ccxt } = await import(pathToFileURL(entry).href);

const kSymbol = "BTC/USD:BTC";
const kInstrument = "BTC-PERPETUAL";
const kBookUpdates = 20;

function connect(secret) {
  const exchange = new ccxt.pro.deribit({ apiKey: clientId, secret });
  exchange.urls.api.rest = `https://localhost:${port}`;
  exchange.urls.api.ws = `wss://localhost:${port}/ws/api/v2`;
  return exchange;
}

// The simulator's own view, asked past ccxt.
async function venueState() {
  const answer = await fetch(`https://localhost:${port}/api/v2/simulator/state`);
  return (await answer.json()).result;
}

async function venueOrder(orderId) {
  return (await venueState()).orders.find((order) => order.order_id === orderId);
}

async function marketData(exchange) {
  const markets = await exchange.loadMarkets();
  const currencies = await exchange.fetchCurrencies();
  assert.ok(currencies.BTC && currencies.ETH, "currencies");
  const kinds = new Set(Object.values(markets).map((market) => market.type));
  assert.deepEqual([...kinds].sort(), ["future", "option", "swap"]);
  assert.equal(markets[kSymbol].id, kInstrument);
  assert.equal(markets[kSymbol].inverse, true);

  const ticker = await exchange.fetchTicker(kSymbol);
  assert.ok(ticker.bid > 0 && ticker.ask > ticker.bid, "ticker has two sides");
  const book = await exchange.fetchOrderBook(kSymbol, 5);
  assert.equal(book.bids.length, 5);
  const trades = await exchange.fetchTrades(kSymbol);
  assert.ok(Array.isArray(trades));
  return Object.keys(markets).length;
}

async function watchBook(exchange) {
  let changes = 0;
  let previous = "";
  for (let update = 0; update < kBookUpdates * 5 && changes < kBookUpdates; ++update) {
    const book = await exchange.watchOrderBook(kSymbol);
    assert.ok(book.bids[0][0] < book.asks[0][0], `crossed at update ${update}`);
    const shape = JSON.stringify([book.bids.slice(0, 20), book.asks.slice(0, 20), book.timestamp]);
    if (shape !== previous) ++changes;
    previous = shape;
  }
  assert.ok(changes >= kBookUpdates, `${changes} book updates`);
  return changes;
}

async function limitOrder(exchange) {
  const { bid } = await exchange.fetchTicker(kSymbol);
  const price = Math.round(bid * 0.995);
  const created = await exchange.createOrder(kSymbol, "limit", "buy", 50, price, { label: "ccxt-limit" });
  assert.equal(created.status, "open");
  const atVenue = await venueOrder(created.id);
  assert.equal(atVenue.order_state, "open");
  assert.equal(atVenue.label, "ccxt-limit");
  assert.equal(atVenue.price, price);

  const open = await exchange.fetchOpenOrders(kSymbol);
  assert.deepEqual(open.map((order) => order.id), [created.id]);

  const edited = await exchange.editOrder(created.id, kSymbol, "limit", "buy", 60, price - 10);
  assert.equal(edited.id, created.id);
  const afterEdit = await venueOrder(created.id);
  assert.equal(afterEdit.price, price - 10);
  assert.equal(afterEdit.amount, 60);
  assert.equal(afterEdit.replaced, true);

  await exchange.cancelOrder(created.id, kSymbol);
  const afterCancel = await venueOrder(created.id);
  assert.equal(afterCancel.order_state, "cancelled");
  assert.equal(afterCancel.cancel_reason, "user_request");
  assert.equal((await exchange.fetchOrder(created.id, kSymbol)).status, "canceled");
  assert.equal((await exchange.fetchOpenOrders(kSymbol)).length, 0);
}

async function marketOrder(exchange) {
  const contractsOf = async () => {
    const positions = await exchange.fetchPositions([kSymbol]);
    assert.equal(positions.length, 1);
    return positions[0].contracts;
  };
  const before = await contractsOf();
  const filled = await exchange.createOrder(kSymbol, "market", "buy", 100, undefined, { label: "ccxt-market" });
  assert.equal(filled.status, "closed");
  assert.equal(filled.filled, 100);
  assert.ok(filled.trades.length > 0);
  assert.equal((await venueOrder(filled.id)).order_state, "filled");
  assert.equal((await contractsOf()) - before, 100);

  const closed = await exchange.fetchClosedOrders(kSymbol);
  assert.ok(closed.some((order) => order.id === filled.id), "closed orders hold the market order");
  const mine = await exchange.fetchMyTrades(kSymbol);
  assert.ok(mine.some((trade) => trade.order === filled.id), "own trades hold the fill");
}

async function balance(exchange) {
  const money = await exchange.fetchBalance();
  assert.ok(money.BTC.total > 9.9 && money.BTC.total < 10.1, `balance ${money.BTC.total}`);
  assert.ok(money.BTC.free < money.BTC.total, "margin is used");
}

async function privateStream(exchange) {
  const pending = exchange.watchOrders(kSymbol);
  // The subscription must stand before the order is sent: the venue sends no snapshot.
  const deadline = Date.now() + 10_000;
  while (!(await venueState()).channels.some((name) => name.startsWith("user.orders."))) {
    assert.ok(Date.now() < deadline, "user.orders was not subscribed");
  }
  const { bid } = await exchange.fetchTicker(kSymbol);
  const created = await exchange.createOrder(kSymbol, "limit", "buy", 20, Math.round(bid * 0.995));
  const seen = await pending;
  assert.ok(seen.some((order) => order.id === created.id), "user.orders shows the order");
  await exchange.cancelOrder(created.id, kSymbol);
}

async function errors(exchange) {
  const wrong = connect("not the secret");
  await assert.rejects(wrong.fetchBalance(), (error) => error instanceof ccxt.AuthenticationError);
  await wrong.close();
  const { bid } = await exchange.fetchTicker(kSymbol);
  const offTick = { price: Math.round(bid * 0.99) + 0.13 };
  await assert.rejects(exchange.createOrder(kSymbol, "limit", "buy", 50, bid, offTick),
    (error) => error instanceof ccxt.InvalidOrder && error.message.includes("10043"));
  await assert.rejects(exchange.fetchTicker("NOPE/USD:NOPE"), (error) => error instanceof ccxt.BadSymbol);
  await assert.rejects(exchange.publicGetTicker({ instrument_name: "BTC-NOPE" }),
    (error) => error instanceof ccxt.ExchangeError && error.message.includes("13020"));
}

const exchange = connect(clientSecret);
const report = { ccxt: ccxt.version };
report.markets = await marketData(exchange);
report.bookUpdates = await watchBook(exchange);
await limitOrder(exchange);
await marketOrder(exchange);
await balance(exchange);
await privateStream(exchange);
await errors(exchange);
await exchange.close();
console.log(JSON.stringify(report));
process.exit(0);
