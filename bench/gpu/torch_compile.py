"""Times torch.compile in bfloat16 (and float32 with TF32) on the architectures of plans.ts: python torch_compile.py [--mini] [--models dit,decoder]. Prints JSON.

The layers are those of ../../fixtures, written by hand; weights are random. Medians over runs by CUDA events, or by the clock on a CPU; compiling is not counted.
"""
import argparse, json, time
import torch
from torch import nn
from torch.nn import functional as F

options = argparse.ArgumentParser()
options.add_argument('--mini', action='store_true')
options.add_argument('--models', default='dit,unet-sd,decoder,encoder,vae,unet-sdxl')
options.add_argument('--runs', type=int, default=20)
options.add_argument('--budget', type=float, default=240)
options = options.parse_args()
device = 'cuda' if torch.cuda.is_available() else 'cpu'
began = time.time()


def heads(x, n):
    return x.unflatten(-1, (n, -1)).transpose(1, 2)


def merged(x):
    return x.transpose(1, 2).flatten(2)


class Attention(nn.Module):
    """Self or cross attention of n heads; fewer heads of key and value are repeated."""

    def __init__(self, width, n, source=None, kv=None, bias=True):
        super().__init__()
        self.n, self.kv = n, kv or n
        narrow = width // n * self.kv
        self.q, self.o = nn.Linear(width, width, bias=bias), nn.Linear(width, width, bias=bias)
        self.k, self.v = nn.Linear(source or width, narrow, bias=bias), nn.Linear(source or width, narrow, bias=bias)

    def forward(self, x, source=None, past=None, mask=None):
        source = x if source is None else source
        q, k, v = heads(self.q(x), self.n), heads(self.k(source), self.kv), heads(self.v(source), self.kv)
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        if self.kv != self.n:
            k, v = (t.repeat_interleave(self.n // self.kv, 1) for t in (k, v))
        return self.o(merged(F.scaled_dot_product_attention(q, k, v, attn_mask=mask)))


class Residual(nn.Module):
    def __init__(self, a, b, groups, time_width=None):
        super().__init__()
        self.n1, self.n2 = nn.GroupNorm(groups, a), nn.GroupNorm(groups, b)
        self.c1, self.c2 = nn.Conv2d(a, b, 3, padding=1), nn.Conv2d(b, b, 3, padding=1)
        self.t = nn.Linear(time_width, b) if time_width else None
        self.around = nn.Conv2d(a, b, 1) if a != b else nn.Identity()

    def forward(self, x, t=None):
        h = self.c1(F.silu(self.n1(x)))
        if self.t is not None:
            h = h + self.t(F.silu(t))[:, :, None, None]
        return self.around(x) + self.c2(F.silu(self.n2(h)))


class Transformer(nn.Module):
    def __init__(self, width, n, groups, context):
        super().__init__()
        self.norm, self.a, self.b = nn.GroupNorm(groups, width), nn.Conv2d(width, width, 1), nn.Conv2d(width, width, 1)
        self.ns = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.own, self.other = Attention(width, n), Attention(width, n, context)
        self.up, self.down = nn.Linear(width, 8 * width), nn.Linear(4 * width, width)

    def forward(self, x, text):
        h = self.a(self.norm(x))
        b, c, rows, columns = h.shape
        h = h.flatten(2).transpose(1, 2)
        h = h + self.own(self.ns[0](h))
        h = h + self.other(self.ns[1](h), text)
        value, gate = self.up(self.ns[2](h)).chunk(2, -1)
        h = h + self.down(value * F.gelu(gate))
        return x + self.b(h.transpose(1, 2).reshape(b, c, rows, columns))


class UNet(nn.Module):
    def __init__(self, levels, blocks, n, groups, channels, context):
        super().__init__()
        base, time_width = levels[0], 4 * levels[0]
        self.base, self.first = base, nn.Conv2d(channels, base, 3, padding=1)
        self.time = nn.Sequential(nn.Linear(base, time_width), nn.SiLU(), nn.Linear(time_width, time_width))
        width, skips, self.down, self.up = base, [base], nn.ModuleList(), nn.ModuleList()
        last = len(levels) - 1
        for i, to in enumerate(levels):
            for _ in range(blocks):
                self.down.append(nn.ModuleList([Residual(width, to, groups, time_width)] + ([Transformer(to, n, groups, context)] if i < last else [])))
                width = to
                skips.append(width)
            if i < last:
                self.down.append(nn.Conv2d(width, width, 3, 2, 1))
                skips.append(width)
        self.mid = nn.ModuleList([Residual(width, width, groups, time_width), Transformer(width, n, groups, context), Residual(width, width, groups, time_width)])
        for i, to in enumerate(reversed(levels)):
            for _ in range(blocks + 1):
                self.up.append(nn.ModuleList([Residual(width + skips.pop(), to, groups, time_width)] + ([Transformer(to, n, groups, context)] if i else [])))
                width = to
            if i < last:
                self.up.append(nn.Conv2d(width, width, 3, padding=1))
        self.norm, self.last = nn.GroupNorm(groups, base), nn.Conv2d(base, channels, 3, padding=1)

    def forward(self, x, step, text):
        freqs = torch.exp(-9.21 * torch.arange(self.base // 2, device=x.device) / (self.base // 2))
        angles = step[:, None].float() * freqs
        t = self.time(torch.cat([angles.cos(), angles.sin()], -1).to(x.dtype))
        x, skips = self.first(x), []
        skips.append(x)
        for part in self.down:
            x = part(x) if isinstance(part, nn.Conv2d) else part[0](x, t)
            if not isinstance(part, nn.Conv2d) and len(part) > 1:
                x = part[1](x, text)
            skips.append(x)
        x = self.mid[2](self.mid[1](self.mid[0](x, t), text), t)
        for part in self.up:
            if isinstance(part, nn.Conv2d):
                x = part(F.interpolate(x, scale_factor=2, mode='nearest'))
                continue
            x = part[0](torch.cat([x, skips.pop()], 1), t)
            if len(part) > 1:
                x = part[1](x, text)
        return self.last(F.silu(self.norm(x)))


class Vae(nn.Module):
    def __init__(self, levels, groups, channels):
        super().__init__()
        width = levels[-1]
        self.first, self.norm, self.attention = nn.Conv2d(channels, width, 3, padding=1), nn.GroupNorm(groups, width), Attention(width, 1)
        self.mid = nn.ModuleList([Residual(width, width, groups), Residual(width, width, groups)])
        self.up = nn.ModuleList()
        for i, to in enumerate(reversed(levels)):
            self.up.append(Residual(width, to, groups))
            width = to
            if i < len(levels) - 1:
                self.up.append(nn.Conv2d(width, width, 3, padding=1))
        self.out, self.last = nn.GroupNorm(groups, width), nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, x):
        x = self.mid[0](self.first(x))
        b, c, rows, columns = x.shape
        h = self.norm(x).flatten(2).transpose(1, 2)
        x = self.mid[1](x + self.attention(h).transpose(1, 2).reshape(b, c, rows, columns))
        for part in self.up:
            x = part(F.interpolate(x, scale_factor=2, mode='nearest')) if isinstance(part, nn.Conv2d) else part(x)
        return self.last(F.silu(self.out(x)))


class Joint(nn.Module):
    """Image and text are modulated apart, attend as one sequence, and go on apart."""

    def __init__(self, width, n, is_last):
        super().__init__()
        self.n, self.is_last = n, is_last
        self.m, self.mt = nn.Linear(width, 6 * width), nn.Linear(width, (2 if is_last else 6) * width)
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.qkv, self.qkvt, self.o = nn.Linear(width, 3 * width), nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.f = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU('tanh'), nn.Linear(4 * width, width))
        self.ot = None if is_last else nn.Linear(width, width)
        self.ft = None if is_last else nn.Sequential(nn.Linear(width, 4 * width), nn.GELU('tanh'), nn.Linear(4 * width, width))

    def forward(self, x, c, condition):
        m, mt = self.m(condition)[:, None].chunk(6, -1), self.mt(condition)[:, None].chunk(2 if self.is_last else 6, -1)
        own, other = self.qkv(self.norm(x) * (1 + m[1]) + m[0]), self.qkvt(self.norm(c) * (1 + mt[1]) + mt[0])
        q, k, v = (heads(t, self.n) for t in torch.cat([own, other], 1).chunk(3, -1))
        mixed = merged(F.scaled_dot_product_attention(q, k, v))
        x = x + m[2] * self.o(mixed[:, : x.shape[1]])
        y = x + m[5] * self.f(self.norm(x) * (1 + m[4]) + m[3])
        if self.is_last:
            return y, c
        c = c + mt[2] * self.ot(mixed[:, x.shape[1] :])
        return y, c + mt[5] * self.ft(self.norm(c) * (1 + mt[4]) + mt[3])


class Dit(nn.Module):
    def __init__(self, layers, width, n, channels, context):
        super().__init__()
        self.first, self.text, self.time = nn.Conv2d(channels, width, 2, 2), nn.Linear(context, width), nn.Linear(256, width)
        self.blocks = nn.ModuleList(Joint(width, n, i == layers - 1) for i in range(layers))
        self.norm, self.last = nn.LayerNorm(width), nn.Linear(width, 4 * channels)

    def forward(self, x, c, step):
        x, c = self.first(x).flatten(2).transpose(1, 2), self.text(c)
        condition = F.silu(self.time(torch.cos(step[:, None] * torch.arange(256, device=step.device)).to(x.dtype)))
        for block in self.blocks:
            x, c = block(x, c, condition)
        return self.last(self.norm(x))


class Encoder(nn.Module):
    def __init__(self, layers, width, n, hidden, vocabulary):
        super().__init__()
        self.table = nn.Embedding(vocabulary, width)
        layer = lambda: nn.ModuleDict({'a': Attention(width, n), 'n': nn.LayerNorm(width), 'u': nn.Linear(width, hidden), 'd': nn.Linear(hidden, width), 'm': nn.LayerNorm(width)})
        self.layers = nn.ModuleList(layer() for _ in range(layers))

    def forward(self, ids, mask):
        x = self.table(ids)
        for one in self.layers:
            x = one['n'](x + one['a'](x, mask=mask))
            x = one['m'](x + one['d'](F.gelu(one['u'](x))))
        return x


class Decoder(nn.Module):
    def __init__(self, layers, width, n, kv, hidden, vocabulary):
        super().__init__()
        self.table, self.norm, self.head = nn.Embedding(vocabulary, width), nn.RMSNorm(width), nn.Linear(width, vocabulary, bias=False)
        linear = lambda a, b: nn.Linear(a, b, bias=False)
        layer = lambda: nn.ModuleDict({'n': nn.RMSNorm(width), 'a': Attention(width, n, kv=kv, bias=False), 'm': nn.RMSNorm(width), 'g': linear(width, hidden), 'u': linear(width, hidden), 'd': linear(hidden, width)})
        self.layers = nn.ModuleList(layer() for _ in range(layers))

    def forward(self, ids, past, mask):
        x = self.table(ids)
        for one, own in zip(self.layers, past):
            x = x + one['a'](one['n'](x), past=own, mask=mask)
            h = one['m'](x)
            x = x + one['d'](F.silu(one['g'](h)) * one['u'](h))
        return self.head(self.norm(x))


mini = options.mini
pick = lambda full, small: small if mini else full
image = lambda b, c, side: torch.randn(b, c, side, side)


def unet(side, context, n):
    b, levels, groups = pick(2, 1), pick([320, 640, 1280], [32, 64]), pick(32, 8)
    return UNet(levels, 1, pick(n, 4), groups, 4, context), (image(b, 4, side), torch.full((b,), 500.0), torch.randn(b, pick(77, 8), context))


def decoder():
    width, n, kv, layers, past, b = pick((2048, 32, 4, 8, 1023, 1), (64, 4, 2, 2, 13, 2))
    made = Decoder(layers, width, n, kv, pick(5632, 128), pick(32000, 512))
    return made, (torch.ones(b, 1, dtype=torch.long), [(torch.randn(b, kv, past, width // n), torch.randn(b, kv, past, width // n)) for _ in range(layers)], torch.zeros(b, 1, 1, past + 1))


models = {
    'dit': lambda: (Dit(*pick((2, 3072, 24, 16, 4096), (1, 64, 4, 4, 48))), (image(1, pick(16, 4), pick(128, 16)), torch.randn(1, pick(512, 8), pick(4096, 48)), torch.full((1,), 500.0))),
    'unet-sd': lambda: unet(pick(64, 16), pick(768, 48), 8),
    'decoder': decoder,
    'encoder': lambda: (Encoder(*pick((12, 768, 12, 3072, 30522), (2, 64, 4, 256, 512))), (torch.ones(pick(32, 2), pick(128, 32), dtype=torch.long), torch.zeros(pick(32, 2), 1, 1, pick(128, 32)))),
    'vae': lambda: (Vae(*pick(([128, 256, 512, 512], 32, 4), ([32, 64], 8, 4))), (image(1, 4, pick(64, 8)),)),
    'unet-sdxl': lambda: unet(pick(128, 16), pick(2048, 64), 10),
}


def to(given, dtype):
    if isinstance(given, (list, tuple)):
        return type(given)(to(one, dtype) for one in given)
    return given.to(device=device, dtype=dtype if given.is_floating_point() else None)


def median_ms(run):
    for _ in range(3):
        run()
    times = []
    for _ in range(options.runs):
        if device == 'cuda':
            a, b = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            torch.cuda.synchronize()
            a.record(); run(); b.record(); b.synchronize()
            times.append(a.elapsed_time(b))
        else:
            start = time.perf_counter(); run(); times.append(1000 * (time.perf_counter() - start))
    return sorted(times)[len(times) // 2]


torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
found = {'torch': torch.__version__, 'device': torch.cuda.get_device_name(0) if device == 'cuda' else 'cpu', 'mini': mini, 'models': {}}
for name in options.models.split(','):
    row = found['models'][name] = {}
    for kind, dtype, compiled in (('float32 (TF32), eager', torch.float32, False), ('bfloat16, eager', torch.bfloat16, False), ('bfloat16, torch.compile', torch.bfloat16, True)):
        if time.time() - began > options.budget:
            row[kind] = 'left out'
            continue
        try:
            torch.manual_seed(0)
            model, inputs = models[name]()
            model, inputs = model.eval().to(device, dtype), to(inputs, dtype)
            # The steps of the models that take images are floats; channels last is what PyTorch itself advises.
            if any(isinstance(part, nn.GroupNorm) for part in model.modules()):
                model = model.to(memory_format=torch.channels_last)
            call = torch.compile(model, mode='max-autotune-no-cudagraphs' if device == 'cuda' else 'default') if compiled else model
            with torch.no_grad():
                row[kind] = round(median_ms(lambda: call(*inputs)), 3)
        except Exception as error:  # What fails is a result as well.
            row[kind] = str(error)[:300]
        finally:
            model = call = None
            torch.cuda.empty_cache() if device == 'cuda' else None
print(json.dumps(found, indent=1))
