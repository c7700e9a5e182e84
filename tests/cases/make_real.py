"""Data sets as people save them, whole or excerpts (u..): Titanic as `pandas` writes it (`make_real.py TITANIC.csv`, the usual file with
names), penguins (palmerpenguins), iris, wine, breast cancer and digits (scikit-learn), with the probabilities of scikit-learn's
models; and what PyTorch writes (v..). Prints the numbers that tests/tables/real.rs expects."""
import pathlib, sys, warnings
import numpy as np, pandas as pd, polars as pl
from scipy.optimize import minimize
from sklearn import datasets
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler
warnings.simplefilter('ignore')
O = str(pathlib.Path(__file__).parent) + '/'

def objective(X, y, l2):
    """The least mean softmax loss with l2/2 |W|^2, intercepts free: by L-BFGS from standardised features, then Newton."""
    X = np.asarray(X, float); s = X.std(0); s[s == 0] = 1; m = X.mean(0); Z = (X - m) / s
    c, t = np.unique(np.asarray(y), return_inverse=True); N, K, d = len(t), len(c), Z.shape[1]
    T = np.eye(K)[t]
    def f(v):
        V = v.reshape(K, d + 1); A = Z @ V[:, :d].T + V[:, d]
        A = A - A.max(1, keepdims=True); L = np.log(np.exp(A).sum(1)); P = np.exp(A - L[:, None])
        W = V[:, :d] / s
        G = (P - T) / N
        g = np.c_[G.T @ Z + l2 * W / s, G.sum(0)]
        return (L - (A * T).sum(1)).mean() + l2 / 2 * (W ** 2).sum(), g.ravel()
    v = np.zeros(K * (d + 1))
    for _ in range(8):
        v = minimize(f, v, jac=True, method='L-BFGS-B', options=dict(maxiter=20000, maxfun=40000, ftol=1e-17, gtol=1e-13, maxcor=50)).x
    return f(v)[0], np.abs(f(v)[1]).max()

def proba(X, y):
    X = StandardScaler().fit_transform(X)
    m = LogisticRegression(C=1.0, tol=1e-12, max_iter=20000).fit(X, y)
    return m.classes_, m.predict_proba(X), log_loss(y, m.predict_proba(X))

# --- Titanic
whole = pd.read_csv(sys.argv[1]); whole.to_csv(O + 'u20-titanic-whole.csv')
t = whole.iloc[:80]
t.to_csv(O + 'u01-titanic.csv')
t.to_parquet(O + 'u02-titanic.parquet')
n = t.drop(columns=['Name', 'Ticket', 'Survived'])
def design(d):
    out = []
    for c in d.columns:
        if d[c].dtype.kind in 'if':
            out.append(d[c].fillna(d[c].mean()).rename(c))
            if d[c].isna().any(): out.append(d[c].isna().astype(float).rename(c + ' missing'))
        else:
            s = d[c].fillna('missing'); l = sorted(s.unique())
            out += [(s == v).astype(float).rename(f'{c}={v}') for v in l[1:]]
    return pd.concat(out, axis=1)
D = design(n)
print('titanic', D.shape, objective(D, t.Survived, 0.05))
print('titanic whole', objective(design(whole.drop(columns=['Name', 'Ticket', 'Survived'])), whole.Survived, 0.05))
own = [c for c in ['Cabin', 'Embarked'] if True]
X = D[[c for c in D.columns if c.startswith(('Pclass', 'Sex', 'Age', 'SibSp', 'Parch', 'Fare'))]]
c, P, l = proba(X, t.Survived)
t.assign(p_0=P[:, 0], p_1=P[:, 1]).to_csv(O + 'u03-titanic-proba.csv'); print('titanic proba', l)
t[['PassengerId', 'Survived']].assign(prob=P[:, 1]).to_csv(O + 'u04-titanic-one.csv', index=False)
# --- penguins
from palmerpenguins import load_penguins
whole = load_penguins(); whole.to_csv(O + 'u21-penguins-whole.csv')
print('penguins whole', objective(design(whole.drop(columns='species')), whole.species, 0.05))
p = whole.iloc[::5].reset_index(drop=True)
p.to_csv(O + 'u05-penguins.csv')
p.convert_dtypes().to_parquet(O + 'u06-penguins-nullable.parquet')
pl.from_pandas(p).write_csv(O + 'u07-penguins-polars.csv')
D = design(p.drop(columns='species'))
print('penguins', list(D.columns), objective(D, p.species, 0.05), p.isna().any(axis=1).sum())
q = p.dropna(); c, P, l = proba(q[['bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'body_mass_g']], q.species)
q.join(pd.DataFrame(P, columns=c, index=q.index)).to_csv(O + 'u08-penguins-proba.csv'); print('penguins proba', l, len(q))
# --- scikit-learn's
for number, (name, step) in enumerate([('iris', 1), ('wine', 2), ('breast_cancer', 8), ('digits', 18)]):
    b = getattr(datasets, 'load_' + name)(as_frame=True)
    f = b.frame.iloc[::step].reset_index(drop=True)
    if name != 'digits': f['target'] = np.asarray(b.target_names, dtype=object)[f.target]
    base = O + f'u{10 + 2 * number}-{name.replace("_", "-")}'
    f.to_csv(base + '.csv')
    X = f.drop(columns='target')
    print(name, f.shape, objective(X, f.target, 0.05))
    c, P, l = proba(X, f.target)
    pd.DataFrame(P, columns=[str(k) for k in c]).assign(target=f.target.astype(str) if name != 'digits' else f.target).to_parquet(O + f'u{11 + 2 * number}-{name.replace("_", "-")}-proba.parquet')
    print(name, 'proba', l, len(f))
codes = datasets.load_breast_cancer(); step = slice(None, None, 8)
c, P, l = proba(codes.data[step], codes.target_names[codes.target[step]])
# Columns in the order of the names, labels in that of the codes: they do not fit each other.
np.savez(O + 'u18-columns-in-another-order.npz', y_true=codes.target[step], y_proba=P)
np.savez(O + 'u19-classes.npz', y_true=np.array(codes.target_names[codes.target[step]], dtype='U'), y_proba=P[:, ::-1], classes=np.array(c[::-1], dtype='U'))
