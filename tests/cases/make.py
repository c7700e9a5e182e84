"""Tables and arrays as pandas, polars, pyarrow, DuckDB-like writers, numpy, R and safetensors write them, of the same 30 samples
(features a, b; label species) and 24 logits as the case sheet's plain files."""
import gzip, io, json
import numpy as np, pandas as pd, polars as pl, pyarrow as pa, pyarrow.parquet as pq
from safetensors.numpy import save_file
import pathlib
C=O=str(pathlib.Path(__file__).parent)+'/'
d=pd.read_csv(C+'c00-plain.csv'); z=pd.read_csv(C+'a00-plain.csv')
w=lambda n,b: open(O+n,'wb').write(b if isinstance(b,bytes) else b.encode())
# --- samples, text
w('t01-decimal-comma.csv', d.to_csv(index=False,sep=';',decimal=','))
w('t02-tabs.tsv', d.to_csv(index=False,sep='\t'))
w('t03-utf16.csv', d.to_csv(index=False,sep='\t').encode('utf-16'))
e=d.copy(); e['species']=e.species.replace({'ant':'fourmi é','bee':'abeille','cat':'chat'})
w('t04-latin1.csv', e.to_csv(index=False).encode('latin-1'))
w('t05-bom-crlf.csv', b'\xef\xbb\xbf'+d.to_csv(index=False,lineterminator='\r\n').encode())
w('t06-comments.csv', '# made by a script\n# units: cm\n'+d.to_csv(index=False))
buf=io.StringIO(); buf.write('"a" "b" "species"\n'); [buf.write(f'"{i+1}" {r.a} {r.b} "{r.species}"\n') for i,r in enumerate(d.itertuples())]
w('t07-r-write-table.txt', buf.getvalue())
buf=io.StringIO(); buf.write('"","a","b","species"\n'); [buf.write(f'"{i+1}",{r.a},{r.b},"{r.species}"\n') for i,r in enumerate(d.itertuples())]
w('t08-r-write-csv.csv', buf.getvalue())
w('t09-no-header.csv', d.to_csv(index=False,header=False))
w('t10-sep-line.csv', 'sep=;\n'+d.to_csv(index=False,sep=';'))
buf=io.BytesIO(); np.savetxt(buf, np.c_[d[['a','b']].values, d.species.astype('category').cat.codes], delimiter=',', header='a,b,species'); w('t11-savetxt.csv', buf.getvalue())
w('t12-trailing-comma.csv', '\n'.join(l+',' for l in d.to_csv(index=False).splitlines())+'\n')
w('t13-pipes-quoted.csv', d.to_csv(index=False,sep='|',quoting=1))
w('t14-unnamed-0-1.csv', d.reset_index().rename(columns={'index':'Unnamed: 0.1'}).assign(**{'Unnamed: 0':range(30)}).to_csv(index=False))
import subprocess
w('t15-zstd.csv.zst', pa.compress(d.to_csv(index=False).encode(), codec='zstd', asbytes=True))
m=d.copy(); m.loc[3,'a']=np.nan; m.loc[7,'b']=np.nan; m.loc[9,'species']=np.nan
w('t16-missing.csv', m.to_csv(index=False))
k=d.copy(); k['length, cm']=k.a; w('t17-comma-in-name.csv', k.drop(columns='a').to_csv(index=False))
k=d.copy(); k['row']=range(1,31); k['when']=pd.date_range('2024-01-01',periods=30).strftime('%Y-%m-%d'); w('t18-row-and-date.csv', k.to_csv(index=False))
# --- samples, binary
d.to_parquet(O+'t20-pandas-snappy.parquet')
x=d.copy(); x.index=[f'r{i}' for i in range(30)]; x.to_parquet(O+'t21-pandas-text-index.parquet')
x=d.copy(); x.index=pd.Index([100+(7*i)%31 for i in range(30)],name='id'); x.to_parquet(O+'t22-pandas-named-index.parquet')
pl.from_pandas(d).write_parquet(O+'t23-polars.parquet')
pl.from_pandas(d).with_columns(pl.col('species').cast(pl.Categorical)).write_parquet(O+'t24-polars-categorical-lz4.parquet',compression='lz4')
x=d.copy(); x['species']=x.species.astype('category'); x.to_parquet(O+'t25-pandas-category-gzip.parquet',compression='gzip')
x=d.copy(); x['flag']=x.a>0; x['n']=pd.array([1,2,None]*10,dtype='Int64'); x['when']=pd.date_range('2024-01-01',periods=30); x.to_parquet(O+'t26-kinds.parquet')
t=pa.table({'a':pa.array(d.a.astype('float32')),'b':pa.array(np.round(d.b*100).astype('int64')).cast(pa.decimal128(25,0)),'u':pa.array([4000000000+i*i for i in range(30)],pa.uint32()),'species':d.species})
pq.write_table(t,O+'t27-decimal-uint32.parquet',compression='zstd',row_group_size=7)
d.to_parquet(O+'t28-brotli.parquet',compression='brotli')
d.assign(waited=pd.to_timedelta(range(30),unit='s')).to_parquet(O+'t41-timedelta.parquet')
import datetime as dt
pl.from_pandas(d).with_columns(pl.Series('waited',[dt.timedelta(minutes=7*k%31) for k in range(30)])).write_parquet(O+'t43-polars-duration.parquet')
import duckdb
duckdb.sql(f"copy (select * from read_csv('{C}c00-plain.csv')) to '{O}t42-duckdb.parquet' (format parquet)")
d.to_feather(O+'t29-feather.arrow')
X=d[['a','b']].values; y=d.species.astype('category').cat.codes.values
np.savez(O+'t30-savez.npz',X=X,y=y)
np.savez_compressed(O+'t31-compressed-columns.npz',a=X[:,0],b=X[:,1],species=d.species.values.astype('U3'))
np.savez(O+'t32-objects.npz',X=X,y=y,meta=np.array([{'a':1}],dtype=object))
save_file({'features':np.ascontiguousarray(X),'labels':y.astype('int64')},O+'t33-features.safetensors')
np.save(O+'t34-big-endian.npy',X.astype('>f8')); np.save(O+'t35-float16.npy',X.astype('float16')); np.save(O+'t36-float-labels.npy',y.astype('float64')); np.save(O+'t37-bytes-labels.npy',d.species.values.astype('S3')); np.save(O+'t38-nan.npy',np.where(np.arange(60).reshape(30,2)==7,np.nan,X)); np.save(O+'t39-bool-labels.npy',y==1)
np.save(O+'t40-objects.npy',d.species.values.astype(object))
# --- logits
L=z[['ant','bee','cat']].values; c=z.label.values
P=np.exp(L-L.max(1,keepdims=True)); P/=P.sum(1,keepdims=True)
names=np.array(['ant','bee','cat'])
z.assign(pred=L.argmax(1)).to_csv(O+'b01-pred-column.csv',index=False)
pl.from_pandas(z).with_columns(pl.Series('took',[dt.timedelta(microseconds=1000+k//2) for k in range(24)])).write_parquet(O+'b22-polars-duration.parquet')
z.assign(loss=-np.log(P[range(24),c])).to_csv(O+'b02-loss-column.csv',index=False)
z.assign(sample=[f's{i}' for i in range(24)]).to_csv(O+'b03-text-column.csv',index=False)
z.assign(key=[(i*7919)%1009 for i in range(24)]).to_csv(O+'b04-unknown-id.csv',index=False)
pd.DataFrame(L,columns=['logit_0','logit_1','logit_2']).assign(label=c).to_csv(O+'b05-logit-prefix.csv',index=False)
pd.DataFrame(P,columns=['ant_prob','bee_prob','cat_prob']).assign(y_true=names[c]).to_csv(O+'b06-probability-suffix.csv',index=False)
pd.DataFrame(L).assign(label=c).to_csv(O+'b07-number-headings-index.csv')
x=z.copy(); x['label']=x.label.astype(float); x.loc[[2,5],'label']=np.nan; x.to_csv(O+'b08-missing-labels.csv',index=False)
M=L.copy().astype('float32'); 
for i in range(24): M[i,(c[i]+1)%3]=np.finfo('float32').min
np.savez(O+'b10-masked-lowest.npz',logits=M,labels=c)
B=L.copy(); B[5,c[5]]=-np.inf; np.savez(O+'b11-masked-target.npz',logits=B,labels=c)
save_file({'logits':np.ascontiguousarray(L.astype('float16')),'labels':c.astype('int32')},O+'b12-f16.safetensors')
np.savez(O+'b13-text-labels.npz',logits=L,labels=names[c]); np.savez(O+'b14-class-names.npz',logits=L,labels=names[c],class_names=names)
np.savez(O+'b15-fortran-N1.npz',logits=np.asfortranarray(L),labels=c.reshape(-1,1).astype('uint8'))
np.savez(O+'b16-one-hot.npz',logits=L,labels=np.eye(3)[c])
Z=P.copy(); Z[0]=[0,1,0] if c[0]!=1 else [1,0,0]; np.savez(O+'b17-zero-probability.npz',probabilities=Z,labels=c)
np.savez(O+'b18-probs.npz',probs=np.round(P,3),y_true=c)
pl.DataFrame({'ant':L[:,0].astype('float32'),'bee':L[:,1],'cat':L[:,2],'target':pl.Series(names[c]).cast(pl.Categorical),'fold':(np.arange(24)%3)}).write_parquet(O+'b19-polars-names-fold.parquet')
np.savez(O+'b20-ignore-mixed.npz',logits=L,labels=np.where(np.arange(24)%6==0,-100,c))
def loss(P,c): return float(-np.log(P[range(len(c)),c]).mean())
def soft(L): 
    P=np.exp(L-L.max(1,keepdims=True)); return P/P.sum(1,keepdims=True)
print('a25', loss(*(lambda f:(f['probabilities']/f['probabilities'].sum(1,keepdims=True),f['labels']))(np.load(C+'a25-probabilities-2-decimals.npz'))))
print('f16', loss(soft(L.astype('float16').astype(float)),c)); print('masked', loss(soft(M.astype(float)),c))
keep=np.array([i not in (2,5) for i in range(24)]); print('b08', loss(P[keep],c[keep])); k=np.arange(24)%6!=0; print('b20',loss(P[k],c[k]))
R=np.round(P,3); print('b18', loss(R/R.sum(1,keepdims=True),c)); print('b19',loss(soft(np.c_[L[:,0].astype('float32').astype(float),L[:,1:]]),c))
# --- what statsmodels is held against: a binary label y and three classes k over features of different sizes
rng=np.random.default_rng(5); n=200
X=rng.normal(size=(n,3))*[1,10,0.01]+[0,50,3]; u=rng.uniform(size=n)
q=0.8*X[:,0]-0.05*(X[:,1]-50)+20*(X[:,2]-3); y=(u<1/(1+np.exp(-q))).astype(int)
k=(np.c_[np.zeros(n),0.5*X[:,0],-0.7*X[:,0]+0.05*(X[:,1]-50)]+rng.gumbel(size=(n,3))).argmax(1)
pd.DataFrame(X,columns=list('abc')).assign(y=y,k=names[k]).to_csv(O+'r01-statsmodels.csv',index=False,float_format='%.17g')
# --- three labels of which a sample may have several, and the logits of a logistic regression each
from sklearn.linear_model import LogisticRegression
rng=np.random.default_rng(2); n=60; X=rng.normal(size=(n,2))
Y=np.c_[(X[:,0]+rng.normal(size=n)>0),(X[:,1]-X[:,0]+rng.normal(size=n)>.5),(X[:,1]+rng.normal(size=n)>-1)].astype(int)
Z=np.stack([LogisticRegression(C=1e12,tol=1e-12,max_iter=10000).fit(X,Y[:,k]).decision_function(X) for k in range(3)],1)
np.savez(O+'b21-multi-label.npz',logits=Z,labels=Y,class_names=np.array(['sun','wind','rain']))
w=np.arange(60)%4; r=np.repeat(np.arange(60),w); N=np.array(['sun','wind','rain'])
np.savez(O+'b23-multi-label-weights.npz',logits=Z,labels=Y,class_names=N,w=w.astype(float)); np.savez(O+'b24-multi-label-repeated.npz',logits=Z[r],labels=Y[r],class_names=N)
# --- lists of numbers in a cell
e=pl.from_pandas(d); pair=d[['a','b']].values
e.select(pl.concat_list('a','b').alias('embedding'),'species').write_parquet(O+'t44-polars-lists.parquet')
pl.DataFrame({'embedding':pair,'species':d.species.tolist()}).write_parquet(O+'t45-polars-arrays.parquet')
duckdb.sql(f"copy (select [a, b] as embedding, species from read_csv('{C}c00-plain.csv')) to '{O}t46-duckdb-lists.parquet' (format parquet)")
pq.write_table(pa.table({'embedding':pa.FixedSizeListArray.from_arrays(pa.array(pair.ravel()),2),'species':d.species.tolist()}),O+'t47-row-groups.parquet',row_group_size=7)
lists=[list(r) for r in pair]; at=lambda k,x: [x if i==k else r for i,r in enumerate(lists)]
swapped=at(4,[1.0]); swapped[6]=[1.0,2.0,3.0]
pq.write_table(pa.table({'ragged':pa.array(at(4,[1.0])),'words':pa.array([['a','b']]*30),'nested':pa.array([[r,r] for r in lists]),'empty':pa.array(at(4,[])),'swapped':pa.array(swapped),'missing':pa.array(at(3,None)),'hole':pa.array(at(3,[1.0,None])),'species':d.species.tolist()}),O+'t48-odd-lists.parquet')
l=pl.DataFrame({'logits':L,'label':c}); l.write_parquet(O+'b25-list-of-logits.parquet')
pl.DataFrame({'logits':L,'y':names[c]}).write_parquet(O+'b26-list-of-logits-names.parquet')
pl.from_pandas(z).with_columns(pl.Series('tokens',[[1]*(1+k%5) for k in range(24)])).write_parquet(O+'b27-tokens-beside-logits.parquet')
# --- whole numbers that doubles round
i=1_700_000_000_000_000_001+y.astype('int64'); D=__import__('decimal').Decimal
pq.write_table(pa.table({'a':d.a,'b':d.b,'key':pa.array(i),'signed':pa.array(i),'unsigned':pa.array(i.astype('uint64')+np.uint64(2**63)),'decimal':pa.array([D(int(k)) for k in i],pa.decimal128(38,2)),'dictionary':pa.array(i).dictionary_encode(),'flag':pa.array(y>0)}),O+'t49-int64-labels.parquet')
pq.write_table(pa.table({**{str(1_700_000_000_000_000_001+k):L[:,k] for k in range(3)},'label':pa.array(1_700_000_000_000_000_001+c)}),O+'b28-int64-headings.parquet')
np.savez(O+'t50-int64.npz',X=np.c_[i,1+np.arange(30)%7],y=i.astype('uint64')+np.uint64(2**63))
np.savez(O+'t51-spaces.npz',X=X,y=np.array([f'{s} ' if k%2 else s for k,s in enumerate(d.species)]))
pq.write_table(pa.table({' a':d.a,'b ':d.b,' species\u00a0':d.species}),O+'t52-spaces.parquet')
np.savez(O+'t53-spaces.npz',X=X,**{'y ':d.species.values.astype('U3')})
v=2.0**53+2*(np.arange(30)%2); pq.write_table(pa.table({'x':d.a,'y':v}),O+'t54-doubles.parquet'); np.savez(O+'t54-doubles.npz',x=d.a.values,y=v)
