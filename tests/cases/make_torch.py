"""What PyTorch and its safetensors write (v..): logits of a last layer trained to the end, in several kinds of numbers, with masks.
Prints the losses that tests/tables/real.rs expects."""
import pathlib, torch, numpy as np
from safetensors.torch import save_file
O = str(pathlib.Path(__file__).parent) + '/'
torch.manual_seed(0); torch.set_num_threads(1)
N, K, d = 40, 3, 5
y = torch.arange(N) % K; x = torch.randn(N, d) + y[:, None]
ce = torch.nn.functional.cross_entropy
def trained(bias):
    lin = torch.nn.Linear(d, K, bias=bias)
    opt = torch.optim.LBFGS(lin.parameters(), max_iter=1000, tolerance_grad=1e-12, tolerance_change=1e-15, line_search_fn='strong_wolfe')
    def closure():
        opt.zero_grad(); l = ce(lin(x), y) + 1e-2 * lin.weight.square().sum() / 2; l.backward(); return l
    for _ in range(5): opt.step(closure)
    return lin, closure().item()
lin, objective = trained(True); z = lin(x).detach()
save_file({'logits': z, 'labels': y, 'features': x, **{k: v.detach().clone() for k, v in lin.state_dict().items()}}, O + 'v01-torch.safetensors')
print('v01', ce(z.double(), y).item(), objective)
save_file({'logits': z.half(), 'labels': y.to(torch.int32)}, O + 'v02-torch-half.safetensors'); print('v02', ce(z.half().double(), y).item())
save_file({'logits': z.bfloat16(), 'labels': y.to(torch.uint8)}, O + 'v03-torch-bfloat16.safetensors'); print('v03', ce(z.bfloat16().double(), y).item())
bare, objective = trained(False); b = bare(x).detach()
save_file({'logits': b, 'labels': y, 'features': x, 'weight': bare.weight.detach().clone()}, O + 'v04-torch-no-bias.safetensors'); print('v04', ce(b.double(), y).item(), objective)
off = bare.weight.detach() * 1.5
save_file({'logits': (x @ off.T), 'labels': y, 'features': x, 'weight': off}, O + 'v05-torch-no-bias-early.safetensors'); print('v05', ce((x @ off.T).double(), y).item())
m = z.clone(); hide = (torch.arange(N) % 4 == 0); m[hide, 2] = -float('inf'); u = torch.where(hide & (y == 2), torch.zeros_like(y), y)
print('masked', ce(m.double(), u).item())
for name, kind in [('half', torch.float16), ('bfloat16', torch.bfloat16), ('single', torch.float32), ('double', torch.float64)]:
    k = m.to(kind).masked_fill(m.isinf(), torch.finfo(kind).min)
    save_file({'logits': k, 'labels': u}, O + f'v06-torch-masked-{name}.safetensors'); print(name, ce(k.double(), u).item())
np.save(O + 'v07-torch.npy', z.numpy()); np.save(O + 'v08-torch-transposed.npy', z.t().contiguous().numpy().T); np.save(O + 'v09-torch-labels.npy', y[:, None].numpy())
torch.save({'logits': z, 'labels': y}, O + 'v10-torch.pt')
np.savez(O + 'v11-trainer.npz', predictions=z.numpy(), label_ids=y.numpy())
