"""Examples of rows of NumPy, SciPy, scikit-learn, pandas and Pillow."""

from __future__ import annotations

EXAMPLES = """
# NumPy
numpy.from_dlpack(a)
numpy.load(stored)
numpy.loadtxt(listed)
numpy.genfromtxt(listed)
numpy.fromfile(listed, numpy.uint8)
numpy.memmap(path, numpy.float32, "w+", 0, (4,))
numpy.lib.format.open_memmap(path, "w+", numpy.float32, (4,))
numpy.save(path, a)
numpy.{savez savez_compressed}(path, a)
numpy.savetxt(path, a)
numpy.dtype("float32")
numpy.{promote_types}(numpy.float32, numpy.float64)
numpy.vectorize(keep)
numpy.frompyfunc(keep, 1, 1)
numpy.{eye identity}(4)
numpy.{eye identity}(4, dtype=numpy.float32)
numpy.fromfunction(add, (2, 2))
numpy.fromstring("1 2", sep=" ")
numpy.issubdtype(numpy.float32, numpy.floating)
numpy.isdtype(numpy.dtype("float32"), "real floating")
numpy.mask_indices(3, numpy.triu)
numpy.lib.stride_tricks.as_strided(a)
numpy.lib.stride_tricks.sliding_window_view(v, 2)
a.{T mT real flat shape strides size ndim nbytes itemsize dtype base ctypes data flags device}
numpy.ndarray.resize = numpy.arange(3.0).resize(2, refcheck=False)
numpy.ndarray.setfield = v.setfield(2.0, numpy.float32)
numpy.ndarray.imag = (a * 1j).imag
a.setflags(write=True)
a.{tofile dump}(path)
a.byteswap()
a.itemset(0, 1.0)
numpy.random.{rand randn}(3)
numpy.random.RandomState(0)
numpy.random.seed(0)
numpy.random.set_state(numpy.random.get_state())
rng.integers(0, 4, 3)
rng.permuted(v)
numpy.add.at(v, numpy.array([0]), w[:1])
numpy.add.{reduce accumulate}(v)
numpy.add.outer(v, v)

# SciPy
scipy.io.savemat(path, {"a": a})
scipy.io.wavfile.write(path, 8000, v)
scipy.sparse.{csr_matrix csc_matrix coo_matrix bsr_matrix dok_matrix dia_matrix csr_array csc_array coo_array}(a)
scipy.optimize.{minimize least_squares fmin}(total, v)
scipy.optimize.{root fsolve}(keep, v)
scipy.optimize.linear_sum_assignment(a)
scipy.optimize.curve_fit(add, w, w)
scipy.optimize.{nnls lsq_linear}(a, v)
scipy.optimize.linprog(v, a, v)
scipy.optimize.isotonic_regression(v)
scipy.interpolate.{interp1d CubicSpline UnivariateSpline PchipInterpolator Akima1DInterpolator}(w, w)
scipy.interpolate.make_interp_spline(w, w)
scipy.interpolate.{RBFInterpolator LinearNDInterpolator NearestNDInterpolator}(points, w[:1].repeat(8))
scipy.interpolate.RegularGridInterpolator([w], w)
scipy.interpolate.griddata(points, labels, points)
scipy.interpolate.interpn([w], w, w)
scipy.interpolate.CubicSpline.__call__ = scipy.interpolate.CubicSpline(w, w).__call__(w)
scipy.spatial.{cKDTree KDTree Delaunay ConvexHull Voronoi}(points)
scipy.spatial.cKDTree.query = scipy.spatial.cKDTree(points).query(points)
scipy.spatial.KDTree.query = scipy.spatial.KDTree(points).query(points)
scipy.spatial.cKDTree.query_ball_point = scipy.spatial.cKDTree(points).query_ball_point(points, 0.1)
scipy.spatial.KDTree.query_ball_point = scipy.spatial.KDTree(points).query_ball_point(points, 0.1)
scipy.spatial.transform.Rotation.from_matrix(numpy.eye(3))
scipy.spatial.transform.Rotation.from_quat(v)
scipy.spatial.transform.Rotation.from_rotvec(v[:3])
scipy.spatial.transform.Rotation.from_euler("xyz", v[:3])
scipy.spatial.transform.Rotation.apply = scipy.spatial.transform.Rotation.from_quat(v).apply(v[:3])
scipy.spatial.transform.Rotation.{as_matrix as_quat as_rotvec} = \
scipy.spatial.transform.Rotation.from_quat(v).{as_matrix as_quat as_rotvec}()
scipy.spatial.transform.Rotation.as_euler = scipy.spatial.transform.Rotation.from_quat(v).as_euler("xyz")
scipy.integrate.odeint(add, v, w)
scipy.integrate.solve_ivp(add, (0.0, 1.0), v)
scipy.stats.gaussian_kde(v)
scipy.stats.norm.{pdf logpdf cdf sf ppf fit}(v)
scipy.stats.norm.rvs(v)
scipy.stats.poisson.{pmf logpmf}(v, 2.0)
scipy.cluster.vq.{kmeans2 kmeans}(points, 2)
scipy.cluster.hierarchy.linkage(points)
scipy.cluster.hierarchy.fcluster(scipy.cluster.hierarchy.linkage(points), 1.0)

# scikit-learn
sklearn.model_selection.train_test_split(table, stratify=labels)
sklearn.utils.{shuffle resample}(table)
sklearn.utils.class_weight.compute_class_weight("balanced", classes=numpy.array([0, 1]), y=labels)
sklearn.utils.class_weight.compute_sample_weight("balanced", labels)
sklearn.model_selection.{cross_val_score cross_val_predict \
cross_validate}(sklearn.linear_model.LinearRegression(), table, table[:, 0])
sklearn.linear_model.LinearRegression()
sklearn.linear_model.LinearRegression.fit = sklearn.linear_model.LinearRegression().fit(table, labels)
sklearn.linear_model.SGDClassifier.partial_fit = sklearn.linear_model.SGDClassifier().partial_fit(table, labels, \
classes=[0, 1])
sklearn.linear_model.LogisticRegression.{predict predict_proba predict_log_proba decision_function} = \
sklearn.linear_model.LogisticRegression().fit(table, labels).{predict predict_proba predict_log_proba \
decision_function}(table)
sklearn.linear_model.LogisticRegression.score = sklearn.linear_model.LogisticRegression().fit(table, \
labels).score(table, labels)
sklearn.preprocessing.StandardScaler.{transform inverse_transform} = \
sklearn.preprocessing.StandardScaler().fit(table).{transform inverse_transform}(table)
sklearn.preprocessing.StandardScaler.fit_transform = sklearn.preprocessing.StandardScaler().fit_transform(table)
sklearn.cluster.KMeans.fit_predict = sklearn.cluster.KMeans(2, n_init=1).fit_predict(table)
sklearn.decomposition.PCA.{score_samples} = sklearn.decomposition.PCA(2).fit(table).score_samples(table)
sklearn.neighbors.NearestNeighbors.{kneighbors} = \
sklearn.neighbors.NearestNeighbors(n_neighbors=2).fit(table).kneighbors(table)
sklearn.neighbors.NearestNeighbors.radius_neighbors = \
sklearn.neighbors.NearestNeighbors().fit(table).radius_neighbors(table)
sklearn.pipeline.make_pipeline(sklearn.preprocessing.StandardScaler())
sklearn.datasets.make_blobs(8)
sklearn.preprocessing.OneHotEncoder()

# pandas
pandas.{DataFrame Series Index}(v)
pandas.DataFrame({"x": v})
frame.__setitem__("x", v)
frame.insert(0, "z", v)
frame.assign(z=v)
pandas.{to_numeric to_datetime}(v)
pandas.get_dummies(v)
pandas.crosstab(classes, classes)
pandas.{read_csv read_table}(listed)
pandas.read_json(io.StringIO("[1, 2]"))
pandas.read_pickle(pickled)
pandas.{read_parquet read_excel read_feather read_hdf}(path)
pandas.read_sql("select 1", sqlite3.connect(":memory:"))
pandas.concat([frame, frame])
pandas.merge(frame, frame, "left", "x")
pandas.pivot_table(frame, "x", "y")
frame.{values}
{frame series index}.{values}
{frame series index}.to_numpy()

# Pillow
PIL.Image.fromarray(numpy.zeros((4, 4), numpy.uint8))
PIL.Image.open(picture)
PIL.Image.new("L", (4, 4))
"""
